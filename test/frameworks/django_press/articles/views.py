"""Pages, forms and a JSON API."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from django.views.generic import CreateView, DetailView, ListView

from .models import Article


class ArticleList(ListView):
    model = Article
    ordering = "id"


class ArticleDetail(DetailView):
    model = Article


class ArticleCreate(LoginRequiredMixin, CreateView):
    model = Article
    fields = ["title", "slug", "body", "picture"]

    def form_valid(self, form):
        messages.success(self.request, "Saved: %s" % form.instance.title)
        return super().form_valid(form)


@login_required
def intranet(request):
    return HttpResponse("Hello, %s" % request.user.username)


@csrf_exempt
@require_http_methods(["POST", "PUT"])
def echo(request):
    if request.content_type == "application/json":
        return JsonResponse({"got": json.loads(request.body)}, status=201)
    return JsonResponse({"length": len(request.body), "declared": request.META.get("CONTENT_LENGTH")})


def many(request):
    return JsonResponse({"items": [{"id": number, "text": "é☃"} for number in range(10_000)]})


def seen(request):
    return JsonResponse(
        {
            "addr": request.META["REMOTE_ADDR"],
            "secure": request.is_secure(),
            "url": request.build_absolute_uri(reverse("seen")),
            "script": request.META["SCRIPT_NAME"],
            "path": request.path_info,
            "language": request.LANGUAGE_CODE,
            "user": request.META.get("REMOTE_USER"),
            "bag": type(request.environ).__name__,
        }
    )


def words(request, words):
    response = JsonResponse({"words": words, "all": request.GET.getlist("q"), "signed": request.get_signed_cookie("words", None)})
    response.set_signed_cookie("words", "a b;é", max_age=60, httponly=True, samesite="Lax")
    response.set_cookie("twice", "2")
    response.delete_cookie("old")
    response["X-Words"] = words
    return response


def broken(request):
    raise LookupError("hunter2")


def old(request):
    return redirect("article", slug="grüße", permanent=True)


def not_found(request, exception):
    return render(request, "404.html", {"path": request.path}, status=404)

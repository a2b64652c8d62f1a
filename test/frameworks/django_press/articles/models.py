"""An article, with a file."""

from django.db import models
from django.urls import reverse


class Article(models.Model):
    title = models.CharField(max_length=80)
    slug = models.SlugField(allow_unicode=True, unique=True)
    body = models.TextField(blank=True)
    picture = models.FileField(upload_to="pictures", blank=True)

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("article", args=[self.slug])

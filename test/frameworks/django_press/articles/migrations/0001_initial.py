from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=80)),
                ("slug", models.SlugField(allow_unicode=True, unique=True)),
                ("body", models.TextField(blank=True)),
                ("picture", models.FileField(blank=True, upload_to="pictures")),
            ],
        ),
    ]

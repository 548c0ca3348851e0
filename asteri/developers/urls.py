"""Where the reference site is."""

from django.urls import path

from asteri.developers import views

app_name = "developers"
urlpatterns = [
    path("developers", views.page, name="home"),
    path("developers/search.json", views.search, name="search"),
    path("developers/<slug:slug>", views.page, name="page"),
]

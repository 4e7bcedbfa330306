"""The first minutes: sample data to look around with, and away with it again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.sampling import NoPricesYet, add_sample, remove_sample
from dashboard.views.chosen import owner


@require_http_methods(["GET", "HEAD", "POST"])
def sample(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "dashboard/sample.html")
    try:
        add_sample(owner(request))
    except NoPricesYet:
        messages.error(request, "No prices have come yet, and the sample is made of them. Try again in a minute.")
    return redirect("dashboard")


@require_POST
def sample_remove(request: HttpRequest) -> HttpResponse:
    if remove_sample(owner(request)):
        messages.success(request, gettext("The sample data is gone. Everything else is as it was."))
    return redirect("dashboard")

"""The page behind the link in a mail that ends mails. Looking changes nothing: programs follow links."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dashboard import clock
from notifications.unsubscribing import stop_all_mail, stop_mail_of, wish_of
from notifications.wording import promise


@csrf_exempt  # mail programs post here by themselves; the signed address alone says what may be done
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask which mails shall end, and end them. A post that doesn't say which means those that the link is of."""
    wish = wish_of(token)
    if wish is None:
        raise Http404
    done = ""
    if request.method == "POST":
        done = request.POST.get("scope", "") or ("reminder" if wish.of_one else "all")
        if done == "all":
            stop_all_mail(wish.user, clock.now())
        elif wish.reminder is not None:
            stop_mail_of(wish.reminder)
    sentence = promise(wish.reminder, None) if wish.reminder else ""
    response = render(request, "notifications/unsubscribe.html", {"wish": wish, "done": done, "promise": sentence})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response

"""Reminders: looking at them, adding, changing, pausing and deleting them; in a dialog with htmx, on a page without."""

from collections import Counter
from contextlib import suppress
from typing import Any
from zlib import crc32

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from accounts.models import User
from dashboard.models import Asset, Portfolio
from dashboard.money import AmountError, parse_amount
from notifications.forms import OFFERED, ReminderForm
from notifications.models import Reminder
from notifications.previewing import Preview, preview
from notifications.reminding import (
    ReminderErrors,
    TooManyReminders,
    create_reminder,
    draft_reminder,
    edit_reminder,
    pause_reminder,
    resume_reminder,
    starts_anew,
)
from notifications.selectors import PARTS, reminder_lines, transports_off
from notifications.switching import switch_on
from notifications.transports import TRANSPORTS, offered, ready_for
from notifications.wording import promise

ASKED = ("asset", "kind", "limit", "portfolio", "direction")


def owner(request: HttpRequest) -> User:
    """The person whose page this is; the middleware lets nobody else this far."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


@require_safe
def reminders(request: HttpRequest) -> HttpResponse:
    user = owner(request)
    context = {
        **listed(request),
        "off": list(transports_off(user)),
        "missing": [name for name in offered() if name not in ready_for(user)],
    }
    return render(request, template(request, "reminders", "reminder-list"), context)


@require_safe
def reminder_cells(request: HttpRequest) -> HttpResponse:
    """How the reminders that a page shows stand now; the whole list where it has others, or others have fired."""
    context = listed(request)
    if request.GET.get("stand") == context["stand"]:
        return render(request, "notifications/_reminder_cells.html", context)
    answer = render(request, "notifications/_reminders.html", context)
    return reswap(retarget(answer, "#reminder-list"), "outerHTML")


def listed(request: HttpRequest) -> dict[str, Any]:
    """The lines that the address asks for, how many there are in each part, and a stamp of where all of them stand."""
    lines = reminder_lines(owner(request))
    asked = request.GET.get("state", "")
    part = asked if asked in PARTS else ""
    counts = Counter(line.part for line in lines)
    stand = ",".join(sorted(f"{line.reminder.pk}{line.words}" for line in lines))
    return {
        "lines": [line for line in lines if not part or line.part == part],
        "part": part,
        "parts": [(name, gettext(words), counts[name]) for name, words in PARTS.items()],
        "count": len(lines),
        "stand": f"{crc32(stand.encode()):x}",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_add(request: HttpRequest) -> HttpResponse:
    form = ReminderForm(request.POST or None, user=owner(request), initial=asked_for(request))
    return reminder_form(request, form, gettext("Add reminder"))


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_edit(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = own_reminder(request, pk)
    if reminder.kind == Reminder.Kind.SCHEDULE:
        return redirect("schedule_edit", pk)
    form = ReminderForm(request.POST or None, user=owner(request), reminder=reminder)
    return reminder_form(request, form, gettext("Edit reminder"))


def reminder_form(request: HttpRequest, form: ReminderForm, title: str) -> HttpResponse:
    """Save what is valid; where the condition is true already, ask first what that shall mean."""
    choice, asks = request.POST.get("when_true", ""), False
    shown = Preview() if form.is_bound or form.reminder is None else preview(form.reminder)
    if form.is_valid():
        try:
            draft = draft_reminder(form.user, ways_kept(form))
            shown = preview(draft)
            is_anew = form.reminder is None or starts_anew(draft, form.reminder)
            asks = bool(shown.already) and is_anew and choice not in {"fire", "wait"}
            if not asks:
                save(form, fire_if_true=choice == "fire")
                return saved(request, gettext("Reminder saved."))
        except ReminderErrors as faults:
            form.blame(faults.errors)
        except TooManyReminders as limit:
            form.add_error(None, str(limit))
    context = {"form": form, "title": title, "reminder": form.reminder, "preview": shown, "asks": asks}
    return render(request, template(request, "reminder_form", "dialog-body"), context)


def ways_kept(form: ReminderForm) -> dict[str, Any]:
    """The form's facts for a draft: a way that the stored reminder uses already is not refused again."""
    facts = form.values
    if form.reminder:
        ready = ready_for(form.user)
        facts["transports"] = [name for name in facts["transports"] if name in ready] or ["toast"]
    return facts


def save(form: ReminderForm, *, fire_if_true: bool) -> None:
    if form.reminder is None:
        create_reminder(form.user, form.values, fire_if_true=fire_if_true)
    else:
        edit_reminder(form.reminder, form.values, fire_if_true=fire_if_true)


@require_POST
def reminder_sentence(request: HttpRequest) -> HttpResponse:
    """What the reminder that is being typed will do, in one sentence."""
    form = ReminderForm(request.POST, user=owner(request), typing=True)
    return render(request, "notifications/_sentence.html", {"preview": preview_of(form)})


def preview_of(form: ReminderForm) -> Preview:
    """Of what is filled in now; nothing while that says nothing yet."""
    try:
        return preview(draft_reminder(form.user, ways_kept(form))) if form.is_valid() else Preview()
    except ReminderErrors:
        return Preview()


@require_POST
def reminder_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause one that is active; arm one that is paused or has fired."""
    reminder = own_reminder(request, pk)
    if request.POST.get("active") == "true":
        resume_reminder(reminder)
    else:
        pause_reminder(reminder)
    return redirect("reminders")


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_delete(request: HttpRequest, pk: int) -> HttpResponse:
    reminder = own_reminder(request, pk)
    if request.method == "POST":
        reminder.delete()
        return saved(request, gettext("Reminder deleted."))
    context = {"reminder": reminder, "promise": promise(reminder, None)}
    return render(request, template(request, "reminder_delete", "dialog-body"), context)


@require_POST
def transport_on(request: HttpRequest, name: str) -> HttpResponse:
    """Use a transport again that was switched off after an error."""
    switch_on(owner(request), name)
    messages.success(
        request,
        gettext("%(transports)s is on again.") % {"transports": TRANSPORTS[name].label if name in TRANSPORTS else name},
    )
    return redirect("reminders")


def own_reminder(request: HttpRequest, pk: int) -> Reminder:
    return get_object_or_404(Reminder.objects.of(owner(request)).with_subject(), pk=pk)


def asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the address fills in beforehand: a kind, a coin, a portfolio, a limit, a direction."""
    asked = {name: request.GET.get(name, "").replace("\0", "")[:200] for name in ASKED}
    initial: dict[str, Any] = {}
    if asked["kind"] in OFFERED:
        initial["kind"] = asked["kind"]
    if asked["direction"] in Reminder.Direction.values:
        initial["direction"] = asked["direction"]
    if coin := Asset.objects.coins().filter(pk=asked["asset"]).first():
        initial |= {"asset": str(coin), "asset_choice": coin.pk}
    if portfolio := next((p for p in Portfolio.objects.of(owner(request)) if str(p.pk) == asked["portfolio"]), None):
        initial |= {"portfolio": portfolio, "currency": portfolio.currency}
    if asked["limit"]:
        with suppress(AmountError):
            initial["limit"] = parse_amount(asked["limit"])
    return initial


def saved(request: HttpRequest, sentence: str) -> HttpResponse:
    """To the list, which says what was done."""
    messages.success(request, sentence)
    return go_to(request, reverse("reminders"))


def go_to(request: HttpRequest, address: str) -> HttpResponse:
    """htmx is told to go there as a whole page."""
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def template(request: HttpRequest, name: str, target: str) -> str:
    """The fragment where htmx asks for it, the page otherwise: the context is the same."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return f"notifications/_{name}.html" if htmx and htmx.target == target else f"notifications/{name}.html"

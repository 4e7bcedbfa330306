"""`reminders` and `alerts`: what somebody wants to be told, and what happened. Mounted by project.api."""

from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, ConfigDict, Field, model_validator

from accounts.api import ApiRequest
from accounts.models import User
from dashboard import clock
from dashboard.representation import MomentIn, MomentOut, NumberIn, NumberOut, Text
from notifications.acknowledging import acknowledge
from notifications.models import Alert, Reminder
from notifications.reminding import ReminderErrors, TooManyReminders, create_reminder, edit_reminder
from notifications.selectors import ReminderLine, alerts_of, lines_of

router = Router(tags=["reminders"])
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=10**9)]
ANSWERED = (
    *("id", "state", "sentence", "paused_because", "distance_pct", "already_true"),
    *("created_at", "fired_at", "firings"),
)


class ReminderFields(BaseModel):
    """A reminder as its owner states it. Fields that only an answer has may be sent back: they are passed over."""

    model_config = ConfigDict(extra="forbid")

    kind: Text | None = None
    asset: Text | None = None
    portfolio: int | None = None
    limit: NumberIn | None = None
    limit_high: NumberIn | None = None
    window: Text | None = None
    direction: Text | None = None
    measure: Text | None = None
    unit: Text | None = None
    minutes: int | None = None
    own_transactions: bool | None = None
    currency: Text | None = None
    repeat: Text | None = None
    rearm_band: NumberIn | None = None
    cooldown: int | None = None
    expires_at: MomentIn | None = None
    quiet_hours: Any = None
    schedule: Any = None
    transports: list[Text] | None = None
    fallback: list[Text] | None = None
    note: Text | None = None
    active: bool | None = None
    when_true: Literal["wait", "fire"] = Field(
        default="wait", description="what to do where the condition is true already: wait for a crossing, or fire now"
    )

    @model_validator(mode="before")
    @classmethod
    def without_answers(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if k not in ANSWERED} if isinstance(data, dict) else data

    def stated(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set - {"when_true"}}


class ReminderOut(BaseModel):
    """`distance_pct`: by how many percent the value must rise (negative: fall) to reach the limit, or by how many
    points where the limit is a percentage; null is unknown.
    """

    id: int
    kind: str
    asset: str | None
    portfolio: int | None
    limit: NumberOut | None
    limit_high: NumberOut | None
    window: str | None
    direction: str | None
    measure: str = Field(description="of a profit: total, realised or unrealised")
    unit: str = Field(description="of a profit's limit: money or percent")
    minutes: int = Field(description="for how long a stablecoin must be off its peg")
    own_transactions: bool = Field(description="whether the owner's own transactions count as a crossing")
    currency: str
    repeat: str
    rearm_band: NumberOut
    cooldown: int
    expires_at: MomentOut | None
    quiet_hours: Any
    schedule: Any
    transports: list[str]
    fallback: list[str]
    note: str
    active: bool
    paused_because: str = Field(description="why it was paused, if its owner did not do it")
    state: str
    sentence: str = Field(description="what will happen")
    distance_pct: NumberOut | None
    already_true: bool = Field(description="its condition was true from the start; it fires at the next crossing")
    firings: int
    fired_at: MomentOut | None
    created_at: MomentOut


class ReminderList(BaseModel):
    items: list[ReminderOut]
    count: int


class DeliveryOut(BaseModel):
    id: int
    transport: str
    state: str
    attempts: int
    provider_id: str
    error: str
    updated_at: MomentOut


class AlertOut(BaseModel):
    id: int
    reminder: int | None
    kind: str
    asset: str | None
    portfolio: int | None
    limit: NumberOut | None
    observed: NumberOut | None
    currency: str
    price_as_of: MomentOut | None
    source: str
    fired_at: MomentOut
    late: bool
    text: str
    acknowledged_at: MomentOut | None
    deliveries: list[DeliveryOut]


class AlertList(BaseModel):
    items: list[AlertOut]
    count: int


def own(user: User) -> QuerySet[Reminder]:
    return Reminder.objects.of(user).with_subject()


@router.get("/reminders", response=ReminderList)
def list_reminders(request: ApiRequest, limit: Limit = 100, offset: Offset = 0) -> ReminderList:
    """The user's reminders, newest first."""
    page = list(own(request.auth)[offset : offset + limit])
    return ReminderList(items=[out(line) for line in lines_of(page)], count=own(request.auth).count())


@router.post("/reminders", response={201: ReminderOut})
def create(request: ApiRequest, body: ReminderFields) -> Status[ReminderOut]:
    """Watch something from now on."""
    try:
        reminder = create_reminder(request.auth, body.stated(), fire_if_true=body.when_true == "fire")
    except ReminderErrors as faults:
        raise invalid(faults) from faults
    except TooManyReminders as limit:
        raise HttpError(409, str(limit)) from limit
    return Status(201, answer(request, reminder.pk))


@router.get("/reminders/{int:reminder_id}", response=ReminderOut)
def get_reminder(request: ApiRequest, reminder_id: int) -> ReminderOut:
    return answer(request, reminder_id)


@router.patch("/reminders/{int:reminder_id}", response=ReminderOut)
def patch_reminder(request: ApiRequest, reminder_id: int, body: ReminderFields) -> ReminderOut:
    """Change the fields that are given. `active: true` arms one that is paused or has fired."""
    reminder = get_object_or_404(own(request.auth), pk=reminder_id)
    try:
        edit_reminder(reminder, body.stated(), fire_if_true=body.when_true == "fire")
    except ReminderErrors as faults:
        raise invalid(faults) from faults
    return answer(request, reminder_id)


@router.delete("/reminders/{int:reminder_id}", response={204: None})
def delete_reminder(request: ApiRequest, reminder_id: int) -> Status[None]:
    """Delete a reminder; its alerts stay."""
    get_object_or_404(own(request.auth), pk=reminder_id).delete()
    return Status(204, None)


@router.get("/alerts", response=AlertList, tags=["alerts"])
def list_alerts(request: ApiRequest, limit: Limit = 100, offset: Offset = 0) -> AlertList:
    """What happened, newest first."""
    alerts = alerts_of(request.auth)
    return AlertList(items=[alert_out(alert) for alert in alerts[offset : offset + limit]], count=alerts.count())


@router.get("/alerts/{int:alert_id}", response=AlertOut, tags=["alerts"])
def get_alert(request: ApiRequest, alert_id: int) -> AlertOut:
    return alert_out(get_object_or_404(alerts_of(request.auth), pk=alert_id))


@router.post("/alerts/{int:alert_id}/acknowledge", response=AlertOut, tags=["alerts"])
def acknowledge_alert(request: ApiRequest, alert_id: int) -> AlertOut:
    """Say that it was seen; a second time changes nothing."""
    acknowledge(get_object_or_404(alerts_of(request.auth), pk=alert_id), clock.now())
    return alert_out(get_object_or_404(alerts_of(request.auth), pk=alert_id))


def answer(request: HttpRequest, pk: int) -> ReminderOut:
    [line] = lines_of([get_object_or_404(own(request.auth), pk=pk)])  # type: ignore[attr-defined]
    return out(line)


def out(line: ReminderLine) -> ReminderOut:
    reminder = line.reminder
    same = ("kind", "limit", "limit_high", "currency", "repeat", "rearm_band", "cooldown", "expires_at", "quiet_hours")
    more = ("schedule", "transports", "fallback", "note", "active", "firings", "fired_at", "created_at")
    own = ("measure", "unit", "minutes", "own_transactions", "paused_because")
    return ReminderOut(
        id=reminder.pk,
        asset=reminder.asset_id,
        portfolio=reminder.portfolio_id,
        window=reminder.window or None,
        direction=reminder.direction or None,
        state=line.state.value,
        distance_pct=line.distance_pct,
        already_true=line.waits,
        sentence=line.promise,
        **{name: getattr(reminder, name) for name in same + more + own},
    )


def alert_out(alert: Alert) -> AlertOut:
    same = ("kind", "limit", "observed", "currency", "price_as_of", "source", "fired_at", "late", "text")
    return AlertOut(
        id=alert.pk,
        reminder=alert.reminder_id,
        asset=alert.asset_id,
        portfolio=alert.portfolio_id,
        acknowledged_at=alert.acknowledged_at,
        deliveries=[
            DeliveryOut(**{name: getattr(delivery, name) for name in DeliveryOut.model_fields})
            for delivery in alert.deliveries.all()
        ],
        **{name: getattr(alert, name) for name in same},
    )


def invalid(faults: ReminderErrors) -> ValidationError:
    return ValidationError(
        [
            {"type": "value_error", "loc": ["body", field], "msg": text}
            for field, texts in faults.errors.items()
            for text in texts
        ]
    )

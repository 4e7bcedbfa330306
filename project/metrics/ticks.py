"""What a tick leaves for the operator: a line in the log, sums, and a place among the last ticks."""

import structlog

from dashboard.market.course import NOT_DUE, Course
from project.metrics import families, shared
from project.metrics.counting import counting

logger = structlog.get_logger(__name__)


def note(course: Course) -> None:
    """One line a poll, in milliseconds; a second without a poll leaves a count only."""
    counting.count(families.TICKS)
    if course.outcome != NOT_DUE:
        stages = {stage: round(spent * 1e3, 2) for stage, spent in course.stages.items()}
        logger.info(
            "market.tick",
            outcome=course.outcome,
            sequence=course.sequence,
            received_quotes=course.received,
            quotes=course.news,
            samples=course.kept,
            own=round(course.own * 1e3, 2),
            **stages,
        )
        count(course)
        shared.keep_tick(course)
    shared.hand_over()


def count(course: Course) -> None:
    counting.count(families.POLLS, course.outcome)
    counting.observe(families.OWN, course.own)
    for stage, spent in course.stages.items():
        if stage == "received":
            counting.observe(families.SOURCE_SECONDS, spent)
        else:
            counting.observe(families.STAGE, spent, stage)
    counting.count(families.QUOTES, by=course.news)
    counting.count(families.SAMPLES, by=course.kept)


def note_streamed(course: Course) -> None:
    """A second in which exchanges' feeds brought news: counted, and no line of the log."""
    counting.count(families.STREAMED)
    counting.observe(families.STREAMED_SECONDS, course.own)
    counting.count(families.SAMPLES, by=course.kept)


def note_skipped() -> None:
    """Another tick was at work."""
    counting.count(families.TICKS_SKIPPED)
    shared.hand_over()


def note_failed() -> None:
    counting.count(families.TICKS_FAILED)
    shared.hand_over()

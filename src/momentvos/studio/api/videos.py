"""Videos of the studio: frames, masks, corrections, objects that models propose."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from momentvos.server.api.common import FrameNumber, TheUser, needs, problems
from momentvos.server.problem import Problem
from momentvos.studio import media
from momentvos.studio.access import me
from momentvos.studio.api.common import REFUSED, Id, TheStudio
from momentvos.studio.changes import NewObject as NewObjectChange
from momentvos.studio.items import VIDEO
from momentvos.studio.schemas import (
    Corrections,
    Event,
    NewObject,
    Source,
    StudioMasks,
    Video,
    VideoWrite,
)

router = APIRouter(prefix="/api/studio/videos", tags=["studio"])
MOST_MASKS = 200
"""Frames of one request for masks."""


@router.get("/{video}", responses=problems(404))
def video(video: Id, studio: TheStudio) -> Video:
    """A video with its objects and corrections."""
    return studio.queries.video(video)


@router.get("/{video}/frames/{frame}", response_class=Response, responses=problems(404))
def frame(
    video: Id,
    frame: FrameNumber,
    studio: TheStudio,
    width: Annotated[
        int | None, Query(ge=16, le=16384, description="Pixels to scale a film down to.")
    ] = None,
) -> Response:
    """A frame by its number, exactly."""
    row, _ = studio.queries.place(video)
    return media.frame(studio.service, row, frame, width)


@router.get("/{video}/masks", responses=problems(404))
def masks(
    video: Id,
    studio: TheStudio,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    stop: Annotated[int, Query(ge=1, le=10_000_000)] = 1,
) -> StudioMasks:
    """Masks of all objects, corrected, in frames `start` up to, without, `stop`."""
    row, where = studio.queries.place(video)
    if not start < stop <= row.frames or stop - start > MOST_MASKS:
        raise Problem(422, f"Ask for at most {MOST_MASKS} of frames 0 to {row.frames - 1}.")
    made = studio.masks.corrected(where, start, stop)
    return StudioMasks(size=where.size, start=start, stop=stop, masks=made)


@router.post(
    "/{video}/changes",
    dependencies=[needs("annotator")],
    responses=problems(404) | REFUSED,
)
def change(video: Id, asked: VideoWrite, studio: TheStudio, user: TheUser) -> Corrections:
    """Correct whose masks are whose, for everybody who works with the video."""
    made = studio.items.change_video(video, asked.version, asked.change, me(user), asked.key)
    return Corrections.model_validate(made)


@router.get("/{video}/history", responses=problems(404))
def history(video: Id, studio: TheStudio) -> list[Event]:
    """Every correction, the first one first."""
    return [Event.model_validate(one) for one in studio.items.history(VIDEO, video)]


@router.post("/{video}/source", dependencies=[needs("annotator")], responses=problems(404))
def source(video: Id, studio: TheStudio) -> Source:
    """The video as jobs take it, so that a model can propose moments and masks."""
    known = studio.sources.get(video)
    if known is not None:
        try:
            studio.service.videos.use(known)
            return Source(video=known)
        except Problem:
            pass  # the server has removed what nobody used
    row, _ = studio.queries.place(video)
    studio.sources[video] = media.source(studio.service, row)
    return Source(video=studio.sources[video])


@router.post(
    "/{video}/objects", dependencies=[needs("annotator")], responses=problems(404) | REFUSED
)
def add_object(video: Id, asked: NewObject, studio: TheStudio, user: TheUser) -> Corrections:
    """Add an object that the data set lacks, with the masks of a job's answer."""
    row, where = studio.queries.place(video)
    about = studio.service.jobs.get(asked.job)
    if about.video != studio.sources.get(video):
        raise Problem(422, "The job is about another video.")
    counts = media.masks_of(studio.service, asked.job, asked.answer, where.size, row.frames)
    new = NewObjectChange(object=asked.object, source=about.model)
    made = studio.items.change_video(video, asked.version, new, me(user), asked.key, counts)
    return Corrections.model_validate(made)

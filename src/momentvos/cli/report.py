"""Summary on the terminal after ``momentvos run``."""

from pathlib import Path

from momentvos.results.overlay_file import overlay_name
from momentvos.results.prediction import Prediction


def summary(prediction: Prediction, folder: Path, given: str | None = None) -> str:
    """A few lines: presence, moment, notes and paths of the results.

    given: how a moment was read that the user has given.
    """
    found = "yes" if prediction.found else _not_found(prediction)
    lines = [
        f"“{prediction.sentence}”",
        f"  found    {found} (presence {prediction.presence:.2f})",
    ]
    if prediction.found:
        lines.append(f"  when     {_when(prediction)}")
    if given is not None:
        lines.append(f"  moment   {given}")
    lines.append(f"  model    {_model(prediction)}")
    overlay = folder / overlay_name(prediction.video.length)
    if overlay.exists():  # of a stream there is none
        lines.append(f"  overlay  {overlay}")
    lines.append(f"  data     {folder / 'prediction.json'}, masks/, timeline.png")
    lines += [f"  note     {note}" for note in prediction.notes]
    return "\n".join(lines)


def _not_found(prediction: Prediction) -> str:
    """What a model may say: nothing of what it was trained to know, where the video shows that."""
    if prediction.in_domain is False:
        return (
            f"cannot tell, nothing that this model knows{_known(prediction)} looks like the video"
        )
    if prediction.domain is None:
        return "no, the model finds nothing in the video that the sentence means"
    return f"no, nothing that this model knows{_known(prediction)} matches the sentence"


def _known(prediction: Prediction) -> str:
    return "" if prediction.domain is None else f" ({prediction.domain})"


def _model(prediction: Prediction) -> str:
    parts = [f"{prediction.model} ({prediction.method})" if prediction.method else prediction.model]
    if prediction.domain is not None:
        parts.append(f"knows {prediction.domain} only")
    return "; ".join(parts)


def _when(prediction: Prediction) -> str:
    spans = ", ".join(f"{start:.2f}-{end:.2f} s" for start, end in prediction.seconds)
    frames = f"{len(prediction.moment)} of {prediction.video.length} frames"
    return f"{spans} ({frames})"

"""Summary on the terminal after ``momentvos run``."""

from pathlib import Path

from momentvos.results.prediction import Prediction


def summary(prediction: Prediction, folder: Path) -> str:
    """A few lines: presence, moment, notes and paths of the results."""
    found = "yes" if prediction.found else "no, nothing in the video matches the sentence"
    lines = [
        f"“{prediction.sentence}”",
        f"  found    {found} (presence {prediction.presence:.2f})",
    ]
    if prediction.found:
        lines.append(f"  when     {_when(prediction)}")
    lines.append(f"  overlay  {folder / 'overlay.mp4'}")
    lines.append(f"  data     {folder / 'prediction.json'}, masks/, timeline.png")
    lines += [f"  note     {note}" for note in prediction.notes]
    return "\n".join(lines)


def _when(prediction: Prediction) -> str:
    spans = ", ".join(f"{start:.2f}-{end:.2f} s" for start, end in prediction.seconds)
    frames = f"{len(prediction.moment)} of {prediction.video.length} frames"
    return f"{spans} ({frames})"

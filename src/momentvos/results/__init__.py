"""What a model answers: the prediction, its folder, overlay and timeline."""

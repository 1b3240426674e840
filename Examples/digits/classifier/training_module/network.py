"""A network of one hidden layer, and Adam to train it."""

from __future__ import annotations

import numpy

from training_module.digits_data import SEED, Digits

HIDDEN = 64
_DECAY_MEAN, _DECAY_SQUARE, _TINY = 0.9, 0.999, 1e-8


class Network:
    """64 pixels, 64 hidden units, 10 digits; ``state`` is all that a checkpoint needs."""

    def __init__(self) -> None:
        """Begin with weights that are always the same."""
        random = numpy.random.default_rng(SEED)
        weights = {
            "weights_1": random.normal(0, numpy.sqrt(2 / 64), (64, HIDDEN)),
            "bias_1": numpy.zeros(HIDDEN),
            "weights_2": random.normal(0, numpy.sqrt(2 / HIDDEN), (HIDDEN, 10)),
            "bias_2": numpy.zeros(10),
        }
        self.names = tuple(weights)
        self.state = {**weights, "batches": numpy.array(0)}
        for name, weight in weights.items():
            self.state["mean_" + name] = numpy.zeros_like(weight)
            self.state["square_" + name] = numpy.zeros_like(weight)

    def train(self, digits: Digits, learning_rate: float) -> float:
        """Take one step of Adam; return the mean cross entropy before it."""
        hidden, probabilities = self._forward(digits.images)
        rows = numpy.arange(len(digits.labels))
        loss = -numpy.log(probabilities[rows, digits.labels] + _TINY).mean()
        error = probabilities
        error[rows, digits.labels] -= 1
        error /= len(rows)
        hidden_error = (error @ self.state["weights_2"].T) * (hidden > 0)
        gradients = {
            "weights_1": digits.images.T @ hidden_error,
            "bias_1": hidden_error.sum(axis=0),
            "weights_2": hidden.T @ error,
            "bias_2": error.sum(axis=0),
        }
        self.state["batches"] = self.state["batches"] + 1
        for name, gradient in gradients.items():
            self._step(name, gradient, learning_rate)
        return float(loss)

    def predict(self, images: numpy.ndarray) -> numpy.ndarray:
        """The digit of each image."""
        return self._forward(images)[1].argmax(axis=1)

    def _forward(self, images: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        hidden = numpy.maximum(images @ self.state["weights_1"] + self.state["bias_1"], 0)
        scores = hidden @ self.state["weights_2"] + self.state["bias_2"]
        # Less the largest: exp of a large score would overflow.
        powers = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, powers / powers.sum(axis=1, keepdims=True)

    def _step(self, name: str, gradient: numpy.ndarray, learning_rate: float) -> None:
        mean, square = self.state["mean_" + name], self.state["square_" + name]
        mean += (1 - _DECAY_MEAN) * (gradient - mean)
        square += (1 - _DECAY_SQUARE) * (gradient**2 - square)
        count = self.state["batches"]
        corrected_mean = mean / (1 - _DECAY_MEAN**count)
        corrected_square = square / (1 - _DECAY_SQUARE**count)
        self.state[name] -= learning_rate * corrected_mean / (numpy.sqrt(corrected_square) + _TINY)

"""Train the network, go on from a checkpoint where there is one, and write the model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.hyperparameters import Hyperparameters
from ai_training_utils.logging_helper import LoggingHelper
from ai_training_utils.monitoring import Monitoring
from ai_training_utils.path_helper import PathHelper
from ai_training_utils.stop_request import StopRequest
from ai_training_utils.tensorboard import run_tensorboard

from training_module.checkpoint import load_checkpoint, save_checkpoint
from training_module.digits_data import Digits, batches, load_digits
from training_module.network import Network

_BUILD_INFORMATION = Path(__file__).resolve().parent.parent / "build_info.json"


def main() -> None:
    """Train; exits with 143 where SIGTERM ended it before the last epoch."""
    stop = StopRequest()
    paths = PathHelper().parse_arguments()
    options = parse_options(paths.extra_arguments)
    log = LoggingHelper()
    hyperparameters = Hyperparameters()
    hyperparameters.declare("learning_rate", 3e-3, minimum=0.0, maximum=1.0)
    training, held_back = load_digits(paths.dataset_directory)
    network = Network()
    first, network.state = load_checkpoint(paths.output_directory, network.state)
    log.info(
        "%d digits to train with, %d held back, %s",
        len(training.labels),
        len(held_back.labels),
        f"going on after epoch {first}" if first else "from the beginning",
    )
    if options.tensorboard_port:
        run_tensorboard(port=options.tensorboard_port)

    with Monitoring() as monitoring:
        for epoch in range(first + 1, options.epochs + 1):
            losses = []
            for batch in batches(training, options.batch_size, epoch):
                hyperparameters.update(int(network.state["batches"]) + 1)
                losses.append(network.train(batch, hyperparameters.learning_rate))
            stop.wait(options.seconds_per_epoch)
            accuracy = float((network.predict(held_back.images) == held_back.labels).mean())
            monitoring.log_scalars(
                {
                    "loss/train": float(numpy.mean(losses)),
                    "accuracy/held_back": accuracy,
                    "learning_rate": hyperparameters.learning_rate,
                },
                epoch,
            )
            save_checkpoint(paths.output_directory, epoch, network.state)
            log.info("epoch %d: loss %.4f, accuracy %.4f", epoch, numpy.mean(losses), accuracy)
            if stop and epoch < options.epochs:
                log.warning("asked to stop: epoch %d is saved", epoch)
                raise SystemExit(stop.exit_status)

    write_result(paths.output_directory, network, held_back, max(first, options.epochs), first)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Read what the command line says beside the directories."""
    parser = argparse.ArgumentParser(prog="training_module.main")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch_size", type=int, default=32)
    parser.add_argument("--seconds_per_epoch", type=float, default=0.0, help="wait, for trying")
    parser.add_argument("--tensorboard_port", type=int, default=6006, help="0: no TensorBoard")
    options = parser.parse_args(arguments)
    if options.epochs < 1 or options.batch_size < 1:
        parser.error("--epochs and --batch_size must be at least 1")
    return options


def write_result(
    directory: Path, network: Network, held_back: Digits, epochs: int, resumed_after: int
) -> None:
    """Write model.npz, the weights alone, and result.json."""
    predictions = network.predict(held_back.images)
    # Rows are the true digits, columns what the network took them for.
    confusion = numpy.zeros((10, 10), dtype=int)
    numpy.add.at(confusion, (held_back.labels, predictions), 1)
    accuracy = float((predictions == held_back.labels).mean())
    result = {
        "accuracy": accuracy,
        "epochs": epochs,
        "resumed_after_epoch": resumed_after,
        "held_back_digits": len(held_back.labels),
        "confusion_matrix": confusion.tolist(),
        "build": build_information(),
    }
    with atomic_path(directory / "model.npz") as temporary:
        numpy.savez(temporary, **{name: network.state[name] for name in network.names})
    with atomic_path(directory / "result.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n")
    LoggingHelper().info("done: accuracy %.4f after %d epochs", accuracy, epochs)


def build_information() -> dict | None:
    """What install.sh has left, or None where it did not run."""
    try:
        return json.loads(_BUILD_INFORMATION.read_text())
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    main()

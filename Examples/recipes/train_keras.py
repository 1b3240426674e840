"""Keras: the whole model after each epoch, and by the callback when asked to stop."""

import os

import keras
import numpy
from ai_training_utils.atomic_file import atomic_path
from ai_training_utils.keras import SteeringCallback
from ai_training_utils.path_helper import PathHelper

paths = PathHelper().parse_arguments()
rows = numpy.loadtxt(paths.dataset_directory / "digits.csv.gz", delimiter=",")
images, labels = rows[:, :64] / 16, rows[:, 64].astype(int)
path = paths.output_directory / "model.keras"
steering = SteeringCallback(path)
if path.exists():
    model = keras.models.load_model(path)
else:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(1e-3), loss)
step, steps_of_epoch = int(model.optimizer.iterations), -(-len(images) // 32)
print(f"from step {step}", flush=True)


def save(epoch, logs):
    """Replace the file by a whole one."""
    with atomic_path(path) as temporary:
        model.save(temporary)


model.fit(
    images,
    labels,
    batch_size=32,
    initial_epoch=step // steps_of_epoch,
    epochs=-(-int(os.environ.get("STEPS", "2000")) // steps_of_epoch),
    verbose=2,
    callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=save), steering],
)
print(f"step {int(model.optimizer.iterations)}", flush=True)

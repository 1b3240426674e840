"""A classifier with Keras' fit, on the PyTorch backend."""

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy

keras.utils.set_random_seed(0)
x = numpy.random.normal(size=(512, 8)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x,
    y,
    batch_size=16,
    epochs=4,
    validation_split=0.2,
    callbacks=[keras.callbacks.ModelCheckpoint(os.path.join(sys.argv[1], "{epoch}.keras"))],
)

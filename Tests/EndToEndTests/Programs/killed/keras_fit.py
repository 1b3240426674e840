"""Keras on PyTorch, which goes on from BackupAndRestore; a step here is a tenth of an epoch."""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import killed
import numpy

Callback = keras.callbacks.Callback


class Before(Callback):
    begun = False

    def on_epoch_begin(self, epoch, logs=None):
        if not self.begun:
            killed.begin(epoch * killed.EVERY)
        self.begun = True

    def on_epoch_end(self, epoch, logs=None):
        killed.before((epoch + 1) * killed.EVERY)


class After(Callback):
    def on_epoch_end(self, epoch, logs=None):
        killed.saved((epoch + 1) * killed.EVERY)


model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
callbacks = [
    Before(),
    keras.callbacks.BackupAndRestore(killed.OUTPUT / "backup"),
    keras.callbacks.ModelCheckpoint(killed.OUTPUT / "{epoch}.keras"),
    After(),
]
epochs = killed.STEPS // killed.EVERY
x, y = numpy.ones((80, 2)), numpy.ones((80, 1))
model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, callbacks=callbacks)
killed.end(epochs * killed.EVERY)

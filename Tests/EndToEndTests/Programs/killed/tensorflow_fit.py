"""TensorFlow, which goes on from what its CheckpointManager calls the latest checkpoint."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import killed
import tensorflow as tf

step = tf.Variable(0, dtype=tf.int64)
weights = tf.Variable(tf.zeros((100_000,)))
checkpoint = tf.train.Checkpoint(step=step, weights=weights)
manager = tf.train.CheckpointManager(checkpoint, killed.OUTPUT / "saved", max_to_keep=3)
checkpoint.restore(manager.latest_checkpoint).expect_partial()
assert float(weights[0]) == int(step), "not of one step"
killed.begin(int(step))
while step < killed.STEPS:
    weights.assign_add(tf.ones((100_000,)))
    step.assign_add(1)
    if int(step) % killed.EVERY == 0:
        killed.before(int(step))
        manager.save(checkpoint_number=step)
        killed.saved(int(step))
killed.end(int(step))

"""Helpers for a Python trainer: paths, logging, metrics, TensorBoard, live hyperparameters.

All are optional, need only Python 3.8's standard library, and work by hand as under the agent.
"""

__version__ = "0.1.0"

"""xgboost, which goes on from the newest model of its TrainingCheckPoint."""

import re

import killed
import numpy
import xgboost


class Before(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        # model_10 is saved after round 10, the eleventh.
        killed.before(epoch)
        return False


class After(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        if epoch > 0 and epoch % killed.EVERY == 0:
            killed.saved(epoch)
        return False


numbers = numpy.random.default_rng(0)
x = numbers.normal(size=(200, 4))
data = xgboost.DMatrix(x, label=x.sum(axis=1))
saved = sorted(
    killed.OUTPUT.glob("model_*.ubj"), key=lambda path: int(re.findall(r"\d+", path.name)[-1])
)
start = None
if saved:
    start = xgboost.Booster(model_file=saved[-1])
rounds = start.num_boosted_rounds() if start else 0
killed.begin(max(0, rounds - 1))
checkpoints = xgboost.callback.TrainingCheckPoint(
    directory=killed.OUTPUT, name="model", interval=killed.EVERY
)
model = xgboost.train(
    {"nthread": 1, "verbosity": 0},
    data,
    num_boost_round=killed.STEPS - rounds,
    xgb_model=start,
    callbacks=[Before(), checkpoints, After()],
)
killed.end(model.num_boosted_rounds())

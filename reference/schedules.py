"""Learning-rate schedules: the rate used at each of 30 steps, from a base of 0.1."""

import math

import torch
from torch import Tensor
from torch.optim import lr_scheduler

BASE, STEPS = 0.1, 30
WARMUP = 5

PLATEAU_LOSSES = [
    *(2.0, 1.5, 1.2),  # improvements
    *(1.25, 1.21, 1.2, 1.3),  # a plateau; equal is no improvement
    1.1,
    # Relatively less than the threshold of 1e-4 below 1.1, though the last is more absolutely:
    # no improvements.
    *(1.09995, 1.09994, 1.09992, 1.099895),
    1.05,
    *(1.06, 1.07, 1.08),  # as long as patience lasts
    1.0,
    *(1.4, 1.3, 1.2),
    *(0.95, 0.9),
    *(0.9, 0.91, 0.92, 0.93, 0.94, 0.9, 0.9, 0.9),  # a plateau of two reductions
]
# Nothing but a plateau: the rate halves until it meets min_lr.
FLAT_LOSSES = [1.0] * STEPS


def new_optimiser() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)


def rate_of(optimiser: torch.optim.Optimizer) -> float:
    return float(optimiser.param_groups[0]["lr"])


def rates(make_scheduler) -> Tensor:
    """The rate in force at step k, before the scheduler moves on: [30]."""
    optimiser = new_optimiser()
    scheduler = make_scheduler(optimiser)
    used = []
    for _ in range(STEPS):
        used.append(rate_of(optimiser))
        optimiser.step()
        scheduler.step()
    return torch.tensor(used)


def plateau_rates(losses: list[float]) -> Tensor:
    """The rate in force after loss k was observed: [30]."""
    optimiser = new_optimiser()
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimiser,
        factor=0.5,
        patience=3,
        threshold=1e-4,
        threshold_mode="rel",
        cooldown=0,
        min_lr=1e-3,
    )
    after = []
    for loss in losses:
        scheduler.step(loss)
        after.append(rate_of(optimiser))
    return torch.tensor(after)


def cosine_warmup(optimiser: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
    warmup = lr_scheduler.LinearLR(
        optimiser, start_factor=1 / WARMUP, end_factor=1.0, total_iters=WARMUP - 1
    )
    cosine = lr_scheduler.CosineAnnealingLR(optimiser, T_max=STEPS - WARMUP)
    return lr_scheduler.SequentialLR(optimiser, [warmup, cosine], milestones=[WARMUP])


def check_closed_forms(tensors: dict[str, Tensor]) -> None:
    """PyTorch computes each rate from the one before; these are the formulas it stands for."""

    def cosine(k: int, length: int) -> float:
        return BASE * (1 + math.cos(math.pi * k / length)) / 2

    closed = {
        "constant": lambda k: BASE,
        "step": lambda k: BASE * 0.3 ** (k // 7),
        "cosine": lambda k: cosine(k, STEPS),
        "cosine-warmup": lambda k: (
            BASE * (k + 1) / WARMUP if k < WARMUP else cosine(k - WARMUP, STEPS - WARMUP)
        ),
    }
    for name, rate in closed.items():
        expected = torch.tensor([rate(k) for k in range(STEPS)])
        worst = (tensors[name] - expected).abs().max().item()
        assert worst <= 1e-15, f"{name}: {worst:.1e} from its closed form"


def all_tensors() -> dict[str, Tensor]:
    tensors = {
        "constant": rates(lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        "step": rates(lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.3)),
        "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.0)),
        "cosine-warmup": rates(cosine_warmup),
    }
    check_closed_forms(tensors)
    for name, losses in (("plateau", PLATEAU_LOSSES), ("plateau-floor", FLAT_LOSSES)):
        assert len(losses) == STEPS
        tensors[f"{name}/losses"] = torch.tensor(losses)
        tensors[f"{name}/rates"] = plateau_rates(losses)
    assert tensors["plateau-floor/rates"][-1] == 1e-3
    return tensors

"""What the options of estimators are, for their documentation. Names and defaults are the library's."""

from __future__ import annotations

from collections.abc import Iterable

#: For each option its type and what it is; a text for each task where they differ.
_OPTIONS: dict[str, tuple[str, str]] = {
    "target": (
        "str or list of str",
        "The column to forecast or to learn; several with commas between or as a list, of a forecast also ``all``.",
    ),
    "time": ("str", "The column of times, in whose order rows are read."),
    "time_format": ("str", 'How times are written, as ``"%d.%m.%Y %H:%M"``.'),
    "timezone": ("str", "The time zone whose clocks the times show, as ``Europe/Berlin``."),
    "id": (
        "str or list of str",
        "The column that tells series or sequences apart; several that do so together with commas between or as a list.",
    ),
    "past_covariates": ("str or list of str", "Columns that are known up to the last value, such as a temperature."),
    "future_covariates": ("str or list of str", "Columns that are known ahead, such as a price."),
    "static_covariates": ("str or list of str", "Columns that have one value for each series, such as a region."),
    "calendar": (
        "str or list of str",
        "Periods whose place is seen beside the season's, of ``hour``, ``day``, ``week`` and ``year``, or ``none``.",
    ),
    "quantiles": ("list of float", "Quantile loss: the levels that are learned, above 0 and below 1."),
    "features": ("str or list of str", "The input columns; by default all of numbers or categories."),
    "season": ("int", "Rows in a season, 0 for none; by default the calendar's."),
    "horizon": ("int", "Rows to look ahead; by default half a season, or 6."),
    "window": ("int", "Rows of a training sequence."),
    "classes": ("bool", "Is the target a class? By default text is, and a few whole numbers that each occur often."),
    "scale": ("str", "What becomes of inputs and targets that are numbers: ``standard`` or ``none``."),
    "streams": ("int", "In so many parts that are learned side by side is each training sequence cut."),
    "stride": ("int", "Rows from one training sequence to the next."),
    "transform": (
        "str",
        "What is learned of the values: ``log-difference``, ``difference``, ``none`` or ``smoothing``.",
    ),
    "missing": ("str", "What becomes of missing values; by default they are refused."),
    "group": ("str", "A column, as of persons, whose sequences are all kept back or none."),
    "split": ("str", "How sequences are chosen that are kept back: ``random`` or ``time``."),
    "test": (
        "float",
        "What is kept for the test: of a forecast last rows, else the share of sequences; 0 for nothing.",
    ),
    "validation": ("float", "The share of the rest that tells which epoch is best."),
    "split_seed": ("int", "Decides which sequences are kept back."),
    "tokens": ("str", "What the tokens of a text are: ``characters``, ``bytes`` or ``words``."),
    "unknown": ("bool", "Read what the training part has not, or has but once, as one unknown token?"),
    "vocabulary": ("int", "So many tokens are told apart, the most frequent; all others are the unknown token."),
    "embedding_dim": ("int", "The length of the vectors that stand for tokens; 0 for one-hot ones."),
    "cell": ("str", "The cell of every layer: ``lstm``, ``gru``, ``elman``, ..."),
    "hidden_size": ("int", "Units per layer and direction."),
    "num_layers": ("int", "Layers on top of each other."),
    "bidirectional": ("bool", "Read each sequence from its end as well?"),
    "dropout": ("float", "The share of values set to 0 between layers in training."),
    "zoneout": ("float", "How likely a unit's h stays as it was before a timestep."),
    "zoneout_cell": ("float", "The same of the states beside h: an LSTM's c."),
    "recurrent_dropout": ("float", "The share of units whose state recurrent products do not read in training."),
    "learned_state": ("bool", "Learn the states from which sequences start?"),
    "patch": ("int", "So many successive timesteps become one."),
    "pooling": ("str", "What is read of the last layer: ``last``, ``mean`` or ``max``."),
    "skip": ("int", "So many inputs are added to the answer of their timestep."),
    "ensemble": ("int", "So many networks, whose answers are averaged."),
    "init": ("str", "The starting weights: ``orthogonal``, ``torch``, ``notebook`` or ``identity``."),
    "dtype": ("str", "The number type: ``f32`` or ``f64``, also ``float32`` and ``float64``."),
    "epochs": ("int", "Passes over the data."),
    "batch_size": ("int", "Sequences per batch."),
    "loss": ("str", "What is made small: ``squared``, ``absolute``, ``huber``, ``cross-entropy``; of signals ``esr``, ..."),
    "huber_delta": ("float", "Huber's loss: where the square ends."),
    "pre_emphasis": ("float", "Losses over signals: the high pass before they are compared, 0 for none."),
    "dc_weight": ("float", "``esr-dc``: the weight of the error of the mean."),
    "stft_weight": ("float", "The weight with which the multi-resolution STFT loss is added."),
    "class_weights": ("str", "Cross-entropy: ``equal`` or ``balanced``."),
    "optimiser": ("str", "The rule of the updates: ``adam``, ``adamw``, ``sgd`` or ``rmsprop``."),
    "learning_rate": ("float or ``auto``", "The base rate; ``auto``: found by a range test."),
    "momentum": ("float", "SGD, RMSprop: momentum."),
    "nesterov": ("bool", "SGD: look ahead along the momentum?"),
    "weight_decay": ("float", "Decay of the weights."),
    "alpha": ("float", "RMSprop: how much of the mean square is kept."),
    "beta1": ("float", "Adam: how much of the mean gradient is kept."),
    "beta2": ("float", "Adam: how much of the mean square is kept."),
    "schedule": ("str", "How the rate changes: ``cosine``, ``constant``, ``step`` or ``plateau``."),
    "warmup": ("int", "Cosine: batches in which the rate rises."),
    "schedule_every": ("int", "Step: epochs between changes."),
    "schedule_factor": ("float", "Step, plateau: the factor of each change."),
    "schedule_patience": ("int", "Plateau: epochs without progress before a change."),
    "clip": ("float", "The largest gradient norm, 0 for any."),
    "accumulate": ("int", "The gradients of so many batches, or pieces of them, make an update."),
    "truncate": ("int", "Cut sequences into pieces of so many timesteps."),
    "burn_in": ("int", "Run so many timesteps at the start of each sequence without learning from them."),
    "average": ("str", "The average of the parameters that is kept: ``none``, ``ema`` or ``swa``."),
    "ema_decay": ("float", "``ema``: how much of the average is kept at an update."),
    "swa_start": ("int", "``swa``: the epochs before the first that counts."),
    "search": ("bool", "Choose patch, directions and pooling by cross-validation, as far as they are not given?"),
    "patience": ("int", "Stop after so many epochs without a better validation loss."),
    "seed": ("int", "Decides starting weights, order and dropout."),
    "layout": ("{'time', 'channels'}", "``channels``: arrays are ``(n, I, T)``, as aeon and sktime have them."),
    "verbose": ("int", "0: silent; 1: a progress bar where tqdm is installed, and remarks; 2: a line for each epoch."),
}


def parameters_text(names: Iterable[str], task: str) -> str:
    """The options as NumPy's style documents parameters; all are ``None`` by default, as the program has them."""
    lines = []
    for name in names:
        kind, text = _OPTIONS.get(name, ("any", f"See ``elman train {task} --help``."))
        optional = "" if name in ("layout", "verbose") else ", optional"
        lines.append(f"{name} : {kind}{optional}\n    {text}")
    return "\n".join(lines)

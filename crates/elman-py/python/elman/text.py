"""A language model: what stands next in a text."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from . import _elman
from .arrays import as_count, as_finite, as_text
from .estimator import Estimator, figures_by_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .keywords import TextModelOptions


class TextModel(Estimator):
    """A language model over characters, bytes or words.

    Parameters
    ----------
    {options}

    Attributes
    ----------
    test_ : dict
        The figures on the end of the text, which was kept for the test: of the model, ``"elman"``, and of naive
        predictors.
    history_ : dict of lists
        The losses of each epoch in nats per token, and its learning rate.
    record_ : dict
        How the model came about.

    Examples
    --------
    >>> model = TextModel(hidden_size=16, epochs=2, verbose=0).fit("fine wine, nine swine. " * 40)
    >>> len(model.generate("fine ", length=20))
    20
    """

    _task = "text"
    _own = {"verbose": 1}

    if TYPE_CHECKING:

        def __init__(self, **options: Unpack[TextModelOptions]) -> None: ...

    def fit(self, text: str | bytes | os.PathLike[str], y: None = None) -> TextModel:
        """Train on a text and test on its end.

        Parameters
        ----------
        text : str, bytes or path
            The text itself, or the ``pathlib.Path`` of a file that has it, as UTF-8 unless ``tokens="bytes"``.
        y : None
            Not used; scikit-learn's convention.
        """
        self._fit(_table(text), self._options())
        self._remark(self.remarks_)
        return self

    def generate(
        self,
        prompt: str = "",
        length: int = 500,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        stop: str | None = None,
        seed: int = 0,
    ) -> str:
        """Go on with a text.

        Parameters
        ----------
        prompt : str
            The text to go on with; it is not part of the answer.
        length : int
            So many tokens: characters, bytes or words.
        temperature : float
            Below 1 what is likely becomes more likely, above 1 less; at 0 it is always the most likely token.
        top_k : int, optional
            Draw one of so many most likely tokens.
        top_p : float, optional
            Draw one of the fewest tokens that together have this probability.
        stop : str, optional
            End before this text.
        seed : int
            Decides what is drawn.
        """
        written = self.generate_bytes(
            prompt, length, temperature=temperature, top_k=top_k, top_p=top_p, stop=stop, seed=seed
        )
        try:
            return written.decode()
        except UnicodeDecodeError as error:
            why = "it is no UTF-8, as the text that the model learned from was none; take its bytes by generate_bytes"
            raise ValueError(f"the text that was written, byte {error.start}: {why}") from None

    def generate_bytes(
        self,
        prompt: str = "",
        length: int = 500,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        stop: str | None = None,
        seed: int = 0,
    ) -> bytes:
        """As :meth:`generate`, as bytes: for models of bytes that are no UTF-8.

        Parameters
        ----------
        prompt, length, temperature, top_k, top_p, stop, seed
            As of :meth:`generate`.
        """
        length, seed = as_count(length, "length", least=1), as_count(seed, "seed")
        top_k = None if top_k is None else as_count(top_k, "top_k", least=1)
        top_p = None if top_p is None else as_finite(top_p, "top_p")
        stop = None if stop is None else as_text(stop, "stop")
        prompt, temperature = as_text(prompt, "prompt"), as_finite(temperature, "temperature")
        written, remarks = self._fitted().generate(prompt, length, temperature, top_k, top_p, stop, seed)
        self._remark(remarks)
        return written

    def predict(self, text: str | bytes | os.PathLike[str]) -> dict[str, Any]:
        """What the model says of each token of a text, given those before it.

        Returns
        -------
        dict
            The tokens (``character``, ``byte`` or ``word``), their ``bits``, the negative logarithm to base 2 of their
            probabilities, and in ``predicted`` what was most likely instead. The first token has no bits.
        """
        columns, remarks = self._fitted().predict(_table(text))
        self._remark(remarks)
        return columns

    def evaluate(self, text: str | bytes | os.PathLike[str]) -> dict[str, dict[str, float | None]]:
        """The figures on a text: of the model, ``"elman"``, and of a naive predictor."""
        figures, remarks = self._fitted().evaluate(_table(text))
        self._remark(remarks)
        return figures_by_name(json.loads(figures))

    def score(self, text: str | bytes | os.PathLike[str], y: None = None) -> float:
        """The negative bits per character of a text; per byte of a model of bytes that are no text.

        NaN where words of the text are unknown.

        Parameters
        ----------
        text : str, bytes or pathlib.Path
            The text, or the file that holds it.
        y : None
            Not used; scikit-learn's convention.
        """
        figures = self.evaluate(text)["elman"]
        bits = figures.get("bits_per_character", figures.get("bits_per_byte"))
        return float("nan") if bits is None else -bits


def _table(text: str | bytes | os.PathLike[str]) -> _elman.Table:
    """A text as the library takes it."""
    if isinstance(text, str):
        return _elman.Table.of_text("the text", text.encode())
    if isinstance(text, (bytes, bytearray, memoryview)):
        return _elman.Table.of_text("the text", bytes(text))
    if not isinstance(text, os.PathLike):
        raise TypeError(
            f"the text is {type(text).__name__}; it must be a str, bytes, or the pathlib.Path of a file. Several texts are "
            'one when they are joined: "\\n".join(texts); what is open is read: file.read()'
        )
    return _elman.Table.open_text(os.fsdecode(text))

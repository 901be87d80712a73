"""Chains of blocks by PyTorch: what stands before, between and after recurrent layers.

T timesteps, B batch, H hidden size. What flows from block to block is [T, B, width] with the
sequences' lengths, or [B, width] once time has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from explicit import CELLS, State

Shapes = dict[str, tuple[int, ...]]

FORWARD, REVERSE, BIDIRECTIONAL = ("",), ("_reverse",), ("", "_reverse")

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda a: a,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "elu": functional.elu,
    "softmax": lambda a: torch.softmax(a, dim=-1),
}


@dataclass(frozen=True)
class Flow:
    x: Tensor
    lengths: Tensor | None

    def inside(self) -> Tensor:
        """[T, B, 1]: true up to a sequence's end."""
        return (torch.arange(len(self.x))[:, None] < self.lengths)[:, :, None]


@dataclass(frozen=True)
class Run:
    """What blocks need besides what flows.

    `layer` computes a recurrent layer in one direction, as `explicit.run_layer` does.
    """

    x: Tensor
    parameters: dict[str, Tensor]
    layer: Callable
    final_states: dict[str, Tensor]


@dataclass(frozen=True)
class Recurrent:
    """State starts at zero, or, learned, at h0 and c0, [H], the same for every sequence.

    `last` ends time: of each direction the output where it ended, in reverse at timestep 0.
    `kept` is zoneout's share of each state, of Krueger et al., arXiv:1606.01305, in its mean.
    """

    cell: str
    hidden_size: int
    directions: tuple[str, ...] = FORWARD
    learned_state: bool = False
    last: bool = False
    kept: tuple[float, ...] = ()

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        cell, shapes = CELLS[self.cell], {}
        for suffix in self.directions:
            for kind, shape in cell.shapes(width, self.hidden_size).items():
                shapes[f"{kind}_{name}{suffix}"] = shape
            if self.learned_state:
                shapes |= {f"{s}0_{name}{suffix}": (self.hidden_size,) for s in cell.states}
        return shapes, len(self.directions) * self.hidden_size

    def initial_state(self, run: Run, place: str, batch_size: int) -> State:
        zero = torch.zeros(batch_size, self.hidden_size)
        states = CELLS[self.cell].states
        if not self.learned_state:
            return (zero,) * len(states)
        return tuple(run.parameters[f"{s}0_{place}"].expand_as(zero) for s in states)

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        cell = CELLS[self.cell]
        outputs, ends = [], []
        for suffix in self.directions:
            place = name + suffix
            kinds = cell.shapes(1, 1)
            parameters = {kind: run.parameters[f"{kind}_{place}"] for kind in kinds}
            initial = self.initial_state(run, place, flow.x.shape[1])
            output, final = run.layer(
                self.cell, flow.x, flow.lengths, initial, parameters, suffix == "_reverse", self.kept
            )
            named = zip(cell.states, final, strict=True)
            run.final_states.update({f"{place}/{s}_n": state for s, state in named})
            outputs.append(output)
            ends.append(final[0])
        if self.last:
            return Flow(torch.cat(ends, dim=-1), None)
        return Flow(torch.cat(outputs, dim=-1), flow.lengths)


@dataclass(frozen=True)
class Dense:
    """activation(W x + b), at every timestep alike. ELU has alpha 1; softmax is over the width."""

    width: int
    activation: str = "identity"

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {f"{name}.weight": (self.width, width), f"{name}.bias": (self.width,)}, self.width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        weight, bias = run.parameters[f"{name}.weight"], run.parameters[f"{name}.bias"]
        y = ACTIVATIONS[self.activation](functional.linear(flow.x, weight, bias))
        return Flow(y, flow.lengths)


@dataclass(frozen=True)
class Embedding:
    """Row `id` of the weight for each id, [T, B]."""

    rows: int
    width: int

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {f"{name}.weight": (self.rows, self.width)}, self.width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        return Flow(functional.embedding(flow.x, run.parameters[f"{name}.weight"]), flow.lengths)


@dataclass(frozen=True)
class LayerNorm:
    """weight * (x - mean) / sqrt(variance + 1e-5) + bias over the width, of Ba, Kiros & Hinton,
    arXiv:1607.06450; the variance is divided by the width."""

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {f"{name}.weight": (width,), f"{name}.bias": (width,)}, width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        weight, bias = run.parameters[f"{name}.weight"], run.parameters[f"{name}.bias"]
        return Flow(functional.layer_norm(flow.x, weight.shape, weight, bias), flow.lengths)


@dataclass(frozen=True)
class Pooling:
    """`last`, `mean` or `max` over a sequence's own timesteps; ends time."""

    kind: str

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {}, width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        x, lengths, inside = flow.x, flow.lengths, flow.inside()
        pooled = {
            "last": lambda: x[lengths - 1, torch.arange(x.shape[1])],
            "mean": lambda: (x * inside).sum(dim=0) / lengths[:, None],
            "max": lambda: x.masked_fill(~inside, -torch.inf).max(dim=0).values,
        }[self.kind]()
        return Flow(pooled, None)


@dataclass(frozen=True)
class Patch:
    """`length` timesteps side by side, [x_0 | x_1 | ...], become one; zeros fill up the last."""

    length: int

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {}, self.length * width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        x = flow.x * flow.inside()  # what lies past the end is no input: it gets no gradient
        missing = -len(x) % self.length
        x = torch.cat([x, x.new_zeros(missing, *x.shape[1:])])
        patches = [torch.cat(list(patch), dim=-1) for patch in x.split(self.length)]
        return Flow(torch.stack(patches), (flow.lengths + self.length - 1) // self.length)


@dataclass(frozen=True)
class Skip:
    """Adds the chain's first `width` inputs to as many first outputs of the block before."""

    width: int

    def shapes(self, name: str, width: int) -> tuple[Shapes, int]:
        return {}, width

    def forward(self, name: str, flow: Flow, run: Run) -> Flow:
        missing = flow.x.shape[2] - self.width
        skipped = functional.pad(run.x[:, :, : self.width], (0, missing))
        return Flow(flow.x + skipped, flow.lengths)


Block = Recurrent | Dense | Embedding | LayerNorm | Pooling | Patch | Skip
Chain = tuple[Block, ...]


def named(chain: Chain) -> list[tuple[str, Block]]:
    """Recurrent blocks are l0, l1, ...; the last dense one is head, those before dense0, ..."""
    counts: dict[type, int] = {}
    names = []
    prefixes = {Recurrent: "l", Dense: "dense", LayerNorm: "norm"}
    last_dense = max((i for i, block in enumerate(chain) if isinstance(block, Dense)), default=None)
    for i, block in enumerate(chain):
        n = counts.get(type(block), 0)
        counts[type(block)] = n + 1
        if i == last_dense:
            names.append(("head", block))
        elif type(block) in prefixes:
            names.append((f"{prefixes[type(block)]}{n}", block))
        else:
            names.append((type(block).__name__.lower(), block))
    return names


def parameter_shapes(chain: Chain, input_size: int) -> Shapes:
    shapes, width = {}, input_size
    for name, block in named(chain):
        more, width = block.shapes(name, width)
        shapes |= more
    return shapes


def torch_layer(
    cell: str,
    x: Tensor,
    lengths: Tensor,
    state: State,
    parameters: dict[str, Tensor],
    reverse: bool,
    kept: tuple[float, ...] = (),
) -> tuple[Tensor, State]:
    """What `explicit.run_layer` computes, by torch.nn.

    A layer in reverse alone, which it lacks, is a forward one of the sequences turned round; one
    with zoneout, which it lacks too, a loop over its cells.
    """
    module = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    T, H = len(x), state[0].shape[1]
    times = torch.arange(T)[:, None].expand(T, len(lengths))
    turned = torch.where(times < lengths, lengths - 1 - times, times) if reverse else times
    columns = torch.arange(len(lengths))

    if kept:
        output, final = torch_cells(cell, x[turned, columns], lengths, state, parameters, kept)
        return output[turned, columns], final
    packed = pack_padded_sequence(x[turned, columns], lengths, enforce_sorted=False)
    initial = tuple(s[None].contiguous() for s in state)
    packed_output, final = functional_call(
        module(x.shape[2], H),
        {f"{kind}_l0": parameter for kind, parameter in parameters.items()},
        (packed, initial if len(initial) == 2 else initial[0]),
    )
    output, _ = pad_packed_sequence(packed_output, total_length=T)
    states = final if len(initial) == 2 else (final,)
    return output[turned, columns], tuple(s[0] for s in states)


def torch_cells(
    cell: str,
    x: Tensor,
    lengths: Tensor,
    state: State,
    parameters: dict[str, Tensor],
    kept: tuple[float, ...],
) -> tuple[Tensor, State]:
    """A layer forward in time by torch.nn's cells, of whose states a share is kept at each step."""
    module = {"gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}[cell](x.shape[2], state[0].shape[1])
    outputs = []
    for t, x_t in enumerate(x):
        new = functional_call(module, parameters, (x_t, state if len(state) == 2 else state[0]))
        new = new if isinstance(new, tuple) else (new,)
        mean = tuple(d * s + (1 - d) * n for d, s, n in zip(kept, state, new, strict=True))
        inside = (t < lengths)[:, None]
        state = tuple(torch.where(inside, m, s) for m, s in zip(mean, state, strict=True))
        outputs.append(state[0] * inside)
    return torch.stack(outputs), state


def run(
    chain: Chain, inputs: dict[str, Tensor], parameters: dict[str, Tensor], layer=torch_layer
) -> dict[str, Tensor]:
    """`output`, zero past a sequence's end, and the final states of all recurrent blocks."""
    context = Run(inputs["x"], parameters, layer, final_states={})
    flow = Flow(inputs["x"], inputs["lengths"])
    for name, block in named(chain):
        flow = block.forward(name, flow, context)
    output = flow.x if flow.lengths is None else flow.x * flow.inside()
    return {"output": output} | context.final_states

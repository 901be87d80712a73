"""JAX as a contender: a jitted scan, with everything donated that is handed on."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from contender import MEASURED_RATE, TENSORS, LeftOut, Point, Work, draw, serve, time_of, training_proof

# Timesteps in one turn of the loop. Up to this hidden size several are tried at each point and the
# fastest is taken; above it, 1 always was.
UNROLLS = [1, 4, 8]
UNROLLED_HIDDEN_SIZE = 48
# How long each is tried.
TRIAL_SECONDS = 0.05


def projected(parameters, x):
    """The inputs' part of all pre-activations at once, [T, B, G*H], before the loop."""
    return x @ parameters["weight_ih"].T + parameters["bias_ih"]


def elman(parameters, state, a):
    return (jnp.tanh(a + state[0] @ parameters["weight_hh"].T + parameters["bias_hh"]),)


def gru(parameters, state, a):
    h = state[0]
    a_r, a_z, a_n = jnp.split(a, 3, axis=-1)
    b_r, b_z, b_n = jnp.split(h @ parameters["weight_hh"].T + parameters["bias_hh"], 3, axis=-1)
    r, z = jax.nn.sigmoid(a_r + b_r), jax.nn.sigmoid(a_z + b_z)
    n = jnp.tanh(a_n + r * b_n)
    return ((1 - z) * n + z * h,)


def lstm(parameters, state, a):
    h, c = state
    i, f, g, o = jnp.split(a + h @ parameters["weight_hh"].T + parameters["bias_hh"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


CELLS = {"elman": elman, "gru": gru, "lstm": lstm}


def zero_state(point: Point):
    zeros = jnp.zeros((point.batch_size, point.hidden_size))
    return (zeros, jnp.zeros_like(zeros)) if point.cell == "lstm" else (zeros,)


def head(parameters, h):
    return h @ parameters["head_weight"].T + parameters["head_bias"]


def last_output(cell, unroll, parameters, state, x):
    def step(state, a):
        return cell(parameters, state, a), None

    state, _ = jax.lax.scan(step, state, projected(parameters, x), unroll=unroll)
    return head(parameters, state[0])


class Train(Work):
    def __init__(self, point: Point, unroll: int):
        self.start, self.x, self.y = draw(point)
        cell, state = CELLS[point.cell], zero_state(point)

        def loss(parameters, x, y):
            return jnp.mean((last_output(cell, unroll, parameters, state, x) - y) ** 2)

        @partial(jax.jit, donate_argnums=0)
        def step(parameters, x, y, rate):
            value, gradients = jax.value_and_grad(loss)(parameters, x, y)
            return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), value

        self.step = step
        self.x, self.y = jnp.array(self.x), jnp.array(self.y)
        self.measured_rate = jnp.float32(MEASURED_RATE)
        self.reset()

    def reset(self):
        self.parameters = jax.tree.map(jnp.array, self.start)

    def train(self, rate):
        self.parameters, loss = self.step(self.parameters, self.x, self.y, rate)
        return loss

    def prove(self):
        return training_proof(
            lambda rate: self.train(jnp.float32(rate)),
            lambda: [np.array(self.parameters[name]) for name in TENSORS],
        )

    def run(self, steps):
        for _ in range(steps):
            loss = self.train(self.measured_rate)
        loss.block_until_ready()


class Stream(Work):
    """There is no loop, and nothing to unroll."""

    def __init__(self, point: Point):
        parameters, x, _ = draw(point)
        self.parameters = jax.tree.map(jnp.array, parameters)
        self.timesteps = [jnp.array(timestep) for timestep in x]
        self.state = zero_state(point)
        self.t = 0
        cell = CELLS[point.cell]

        @partial(jax.jit, donate_argnums=1)
        def step(parameters, state, x):
            state = cell(parameters, state, projected(parameters, x))
            return state, head(parameters, state[0])

        self.step = step

    def run(self, steps):
        for _ in range(steps):
            self.state, self.y = self.step(self.parameters, self.state, self.timesteps[self.t])
            self.t = (self.t + 1) % len(self.timesteps)
        self.y.block_until_ready()

    def prove(self):
        outputs = []
        for _ in self.timesteps:
            self.run(1)
            outputs.append(float(self.y[0, 0]))
        return outputs


class Sequence(Work):
    def __init__(self, point: Point, unroll: int):
        parameters, x, _ = draw(point)
        self.arguments = jax.tree.map(jnp.array, (parameters, zero_state(point), x))
        self.output = jax.jit(partial(last_output, CELLS[point.cell], unroll))

    def reset(self):
        pass

    def run(self, steps):
        for _ in range(steps):
            self.y = self.output(*self.arguments)
        self.y.block_until_ready()

    def prove(self):
        self.run(1)
        return [float(self.y[0, 0])]


def unrolls(point: Point) -> list[int]:
    """What is worth trying. The whole sequence in one turn pays for the smallest cell only."""
    if point.hidden_size > UNROLLED_HIDDEN_SIZE:
        return [1]
    whole = [point.seq_len] if point.cell == "elman" else []
    return sorted({min(unroll, point.seq_len) for unroll in UNROLLS + whole})


def fastest(candidates: list[Work]) -> Work:
    """The one whose steps take the least time, at its start again."""

    def seconds(work: Work) -> float:
        work.run(1)  # compiles
        first = time_of(work, 1)
        return time_of(work, max(1, int(TRIAL_SECONDS / first)))

    best = min(candidates, key=seconds)
    best.reset()
    return best


def prepare(point: Point) -> Work:
    if point.kind == "stream":
        return Stream(point)
    if point.kind == "notebook":
        raise LeftOut("the notebook is measured against NumPy and PyTorch")
    kind = Train if point.kind == "train" else Sequence
    return fastest([kind(point, unroll) for unroll in unrolls(point)])


SETTINGS = "`jit` of a `lax.scan`, the fastest unroll of several, parameters and state donated"
serve({"version": jax.__version__, "settings": SETTINGS}, prepare)

"""Times what JAX, autograd, numdifftools and PyTorch offer for checking a derivative, beside proofread, in one run.

Each checks the same derivative at one point: of the neuron's loss by its weights, of an affine layer by its input, of softmax with
cross-entropy by its logits, of a determinant by its matrix. What is not installed is left out. Prints the table that it writes to RESULTS.md, and writes results.tsv,
from which the chapter on trust draws its plot.
"""

import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
HERE = Path(__file__).resolve().parent
RUNS = 5
SIZES = [("neuron's loss", (4, 16, 64, 256)), ("affine layer", (4, 16, 64, 256)), ("softmax, cross-entropy", (4, 16, 64, 256)), ("determinant", (4, 8, 12))]


def inputs(name, n):
    """What is held, and what is differentiated by."""
    random = np.random.default_rng(n)
    if name == "neuron's loss":
        return (random.normal(size=n), 0.5, 1.5), random.normal(size=n)
    if name == "affine layer":
        return (random.normal(size=(n, n)), random.normal(size=n)), random.normal(size=n)
    if name == "softmax, cross-entropy":
        return (random.uniform(size=n),), random.normal(size=n)
    return (), 1.5 * np.eye(n) + 0.4 / np.sqrt(n) * random.normal(size=(n, n))


def function(name, held, xp, det):
    """The function of what is differentiated by, in the arrays of a library."""
    if name == "neuron's loss":
        x, b, y = held
        return lambda w: (y - xp.maximum(xp.dot(w, x) + b, xp.zeros_like(w[0]))) ** 2
    if name == "affine layer":
        w, b = held
        return lambda x: xp.matmul(w, x) + b
    if name == "softmax, cross-entropy":
        (p,) = held
        return lambda z: -xp.sum(p * (z - xp.log(xp.sum(xp.exp(z)))))
    return det


def timed(check):
    """The median time of a check in microseconds, after one that warms up."""
    check()
    times = []
    while len(times) < RUNS:
        start = time.process_time()
        count = 0
        while time.process_time() - start < 0.1:
            check()
            count += 1
        times.append((time.process_time() - start) / count * 1e6)
    return statistics.median(times)


def jax_peer():
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def check(name, n):
        held, x = inputs(name, n)
        f = jax.jit(function(name, tuple(map(jnp.asarray, held)), jnp, jnp.linalg.det))
        x = jnp.asarray(x)
        return lambda: check_grads(f, (x,), order=1, modes=("fwd", "rev"))

    return check


def autograd_peer():
    import autograd.numpy as anp
    from autograd.test_util import check_grads

    def check(name, n):
        held, x = inputs(name, n)
        f = function(name, held, anp, anp.linalg.det)
        return lambda: check_grads(f, modes=["rev"], order=1)(x)

    return check


def numdifftools_peer():
    import numdifftools as nd

    def check(name, n):
        held, x = inputs(name, n)
        f = function(name, held, np, np.linalg.det)
        if name == "affine layer":
            return lambda: nd.Jacobian(f)(x)
        if name == "determinant":
            return lambda: nd.Gradient(lambda flat: np.linalg.det(flat.reshape(n, n)))(x.ravel())
        return lambda: nd.Gradient(f)(x)

    return check


def torch_peer():
    import torch

    def check(name, n):
        held, x = inputs(name, n)
        held = tuple(torch.as_tensor(value, dtype=torch.float64) for value in held)
        f = function(name, held, torch, torch.linalg.det)
        x = torch.as_tensor(x).requires_grad_(True)
        return lambda: torch.autograd.gradcheck(f, (x,))

    return check


PEERS = {"jax": jax_peer, "autograd": autograd_peer, "numdifftools": numdifftools_peer, "torch": torch_peer}


def proofread():
    """What the benchmark says of one checked point, dual numbers and differences."""
    text = subprocess.run(
        ["cargo", "bench", "--bench", "speed", "--", "sizes"], cwd=HERE, check=True, capture_output=True, text=True
    ).stdout
    found = re.findall(r"^(.*?) +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)$", text, re.MULTILINE)
    return {(name, int(n)): float(checked) for name, n, _, _, checked in found}


def main():
    ours = proofread()
    theirs, versions = {}, []
    for peer, prepare in PEERS.items():
        try:
            check = prepare()
        except ImportError:
            continue
        versions.append(f"{peer} {importlib.metadata.version(peer)}")
        for name, sizes in SIZES:
            for n in sizes:
                try:
                    theirs[peer, name, n] = timed(check(name, n))
                except Exception as error:  # A peer that cannot do it says so in the table.
                    theirs[peer, name, n] = type(error).__name__
    peers = [peer for peer in PEERS if any(key[0] == peer for key in theirs)]
    lines = [
        "# Beside peers",
        "",
        "One derivative checked at one point, in microseconds of processor time, the median of several runs; in brackets how many times as long as `proofread` it takes.",
        "`proofread` compares both sides of the claim by dual numbers and by extrapolated differences in every element.",
        "JAX and autograd compare one random direction (`check_grads`), PyTorch every element (`gradcheck`); numdifftools only differentiates, and compares nothing.",
        "",
        f"With {', '.join(versions)}, Python {platform.python_version()}, on {os.cpu_count()} cores of {platform.machine()}.",
        f"`benches/peers/run` makes this table anew.",
        "",
        "| | n | proofread | " + " | ".join(peers) + " |",
        "|---|---|---|" + "---|" * len(peers),
    ]
    for name, sizes in SIZES:
        for n in sizes:
            own = ours.get((name, n))
            cells = []
            for peer in peers:
                value = theirs.get((peer, name, n), "")
                if isinstance(value, float):
                    value = f"{value:.0f}" + (f" ({value / own:.1f}×)" if own else "")
                cells.append(value)
            lines.append(f"| {name} | {n} | {f'{own:.1f}' if own else 'beyond its bounds'} | " + " | ".join(cells) + " |")
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "RESULTS.md").write_text(text)
    rows = ["job\tn\ttool\tmicroseconds"]
    for name, sizes in SIZES:
        for n in sizes:
            times = {"proofread": ours.get((name, n))} | {peer: theirs.get((peer, name, n)) for peer in peers}
            rows += [f"{name}\t{n}\t{tool}\t{time:.1f}" for tool, time in times.items() if isinstance(time, float)]
    (HERE / "results.tsv").write_text("\n".join(rows) + "\n")


main()

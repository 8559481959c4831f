"""The kernel of Aether: agents as processes, without a screen.

Map, from the bottom up: `errors` and `protocol` the contract; `term` and `rfb` pure state machines; `config`, `log`, `paths`, `clock`,
`principal`; `bus`, `router`, `tasks`; `store`; the managers `process`, `vfs`, `tty`, `sandbox` and the model `providers`; `tools`;
`agents`; `kernel` their life; `bootstrap` joins them; `cli` and `__main__` are clients. Nothing here imports Qt.

    kernel = build_kernel(root, os.environ)   # then: await kernel.start(); await kernel.execute(command, principal)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernel.bootstrap import build_kernel
    from kernel.kernel import Kernel

__all__ = ["Kernel", "build_kernel"]


def __getattr__(name: str) -> Any:
    """The facade's names, imported when first used: a client that only reads the protocol must not pay for the kernel."""
    if name == "Kernel":
        from kernel.kernel import Kernel

        return Kernel
    if name == "build_kernel":
        from kernel.bootstrap import build_kernel

        return build_kernel
    raise AttributeError(f"module 'kernel' has no attribute {name!r}")

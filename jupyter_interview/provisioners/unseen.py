"""What of the machine does no kernel see, though it lies inside of what is shown?

A kernel needs programs and libraries. What the operator put beside them (settings with passwords, scripts, the names of
the house's own authorities) and what Linux tells about the machine itself (its boot options may hold secrets) it does
not need. What only root can read there is not listed. Paths that a machine lacks are no problem.
"""

from __future__ import annotations

import os

#: The operator's part of ``/usr``. ``/usr/local/bin`` and ``lib`` stay: languages are installed there.
SYSTEM = (
    "/usr/etc",
    "/usr/local/etc",
    "/usr/local/sbin",
    "/usr/local/share/ca-certificates",
    "/usr/local/src",
    "/usr/src",
)

#: What ``/proc`` tells of the machine and not of the kernel's own processes.
PROC = (
    "acpi",
    "asound",
    "bus",
    "cmdline",
    "config.gz",
    "diskstats",
    "driver",
    "fs",
    "interrupts",
    "iomem",
    "ioports",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "latency_stats",
    "locks",
    "modules",
    "partitions",
    "sched_debug",
    "scsi",
    "slabinfo",
    "swaps",
    "timer_list",
    "timer_stats",
    "vmallocinfo",
)

#: What ``/sys``, which only containers have, tells of the machine's maker, energy and heat.
SYS = (
    "/sys/devices/virtual/dmi",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    *(f"/sys/devices/system/cpu/cpu{number}/thermal_throttle" for number in range(os.cpu_count() or 1)),
)

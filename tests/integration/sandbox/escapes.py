"""Attempts to get out of a sandbox: each is a Python script that prints `denied: ...` or `ESCAPED: ...`.

Data only. Used by the tests that run them as root's agents and, through `driver.py`, as an ordinary person's.
`{port}`, `{secret}`, `{abstract}`, `{source}` and `{host_pid}` are filled in with facts of the host.
"""

PRELUDE = """
import ctypes, errno, os, socket, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def numbers(x86, arm):
    return x86 if os.uname().machine == 'x86_64' else arm
def attempt(action):
    try:
        result = action()
    except (OSError, ValueError) as error:
        print('denied:', error)
    else:
        print('ESCAPED:' if result is not False else 'denied:', result)
"""

ESCAPES: dict[str, str] = {
    "host loopback": "attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 2))",
    "host loopback over IPv6": "attempt(lambda: socket.create_connection(('::1', {port}), 2))",
    "DNS": "attempt(lambda: socket.getaddrinfo('example.com', 80))",
    "packets to a resolver": "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53)))",
    "metadata address": "attempt(lambda: socket.create_connection(('169.254.169.254', 80), 2))",
    "interfaces": "attempt(lambda: [n for _, n in socket.if_nameindex() if n != 'lo'] or False)",
    "other homes": "attempt(lambda: len(os.listdir('/home')) > 1)",
    "a secret file of the host": "attempt(lambda: open('{secret}').read())",
    "the kernel's source": "attempt(lambda: os.stat('{source}'))",
    "/root": "attempt(lambda: os.listdir('/root'))",
    "/etc/shadow": "attempt(lambda: open('/etc/shadow').read())",
    "/proc/1/root": "attempt(lambda: open('/proc/1/root{secret}').read())",
    "/proc/1/environ": "attempt(lambda: b'AETHER_TEST_SECRET' in open('/proc/1/environ', 'rb').read())",
    "environments of all processes": """
found = []
for pid in filter(str.isdigit, os.listdir('/proc')):
    try: found.append(b'AETHER_TEST_SECRET' in open('/proc/%s/environ' % pid, 'rb').read())
    except OSError: pass
attempt(lambda: any(found))""",
    "own environment": "attempt(lambda: 'AETHER_TEST_SECRET' in os.environ)",
    "host processes": """
lines = [open('/proc/%s/cmdline' % pid, 'rb').read() for pid in filter(str.isdigit, os.listdir('/proc'))]
attempt(lambda: any(b'pytest' in line and b'supervisor' not in line for line in lines))""",
    "signal to the host": "attempt(lambda: os.kill({host_pid}, 0) if {host_pid} > 400 else False)",
    "number of processes": "attempt(lambda: len([p for p in os.listdir('/proc') if p.isdigit()]) > 12)",
    "docker.sock": "attempt(lambda: os.stat('/var/run/docker.sock') and os.stat('/run/docker.sock'))",
    "X11 socket": "attempt(lambda: os.listdir('/tmp/.X11-unix'))",
    "D-Bus socket": "attempt(lambda: os.stat('/run/dbus/system_bus_socket'))",
    "abstract socket": "attempt(lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + '{abstract}'))",
    "mount": "attempt(lambda: call(numbers(165, 40), b'none', b'/tmp', b'tmpfs', 0, b''))",
    "umount": "attempt(lambda: call(numbers(166, 39), b'/home', 0))",
    "new mount calls": "attempt(lambda: call(430, b'tmpfs', 0))",
    "unshare user": "attempt(lambda: call(numbers(272, 97), 0x10000000))",
    "unshare mount": "attempt(lambda: call(numbers(272, 97), 0x20000))",
    "clone into a new user namespace": "attempt(lambda: call(numbers(56, 220), 0x10000000 | 17, 0, 0, 0, 0))",
    "clone3": "attempt(lambda: call(435, b'x' * 88, 88))",
    "setns": "attempt(lambda: call(numbers(308, 268), os.open('/proc/1/ns/mnt', os.O_RDONLY), 0))",
    "chroot": "attempt(lambda: os.chroot('/tmp'))",
    "pivot_root": "attempt(lambda: call(numbers(155, 41), b'/tmp', b'/tmp'))",
    "setuid": "attempt(lambda: os.setuid(0))",
    "setgroups": "attempt(lambda: os.setgroups([0]))",
    "su": """
done = subprocess.run(['/usr/bin/su', '-c', 'id -u'], capture_output=True, stdin=subprocess.DEVNULL)
attempt(lambda: done.returncode == 0)""",
    "set-user-ID programs": """
import glob, stat
programs = [p for p in glob.glob('/usr/bin/*') + glob.glob('/usr/sbin/*') if os.path.exists(p)]
marked = [p for p in programs if os.stat(p).st_mode & stat.S_ISUID]
attempt(lambda: bool(marked) and not os.statvfs('/usr').f_flag & os.ST_NOSUID)""",
    "chmod set-user-ID": "open('s', 'w').close(); attempt(lambda: os.chmod('s', 0o4755))",
    "fchmod set-group-ID": "f = open('g', 'w'); attempt(lambda: os.fchmod(f.fileno(), 0o2755))",
    "create set-user-ID": "attempt(lambda: os.open('c', os.O_CREAT | os.O_WRONLY, 0o4755))",
    "fchmodat2 set-user-ID": "open('t', 'w').close(); attempt(lambda: call(452, -100, b't', 0o4755, 0))",
    "openat2": "attempt(lambda: call(437, -100, b'o', struct.pack('QQQ', os.O_CREAT | os.O_WRONLY, 0o4755, 0), 24))",
    "mknod character device": "import stat; attempt(lambda: os.mknod('dev', 0o600 | stat.S_IFCHR, os.makedev(1, 1)))",
    "mknod block device": "import stat; attempt(lambda: os.mknod('/tmp/dev', 0o600 | stat.S_IFBLK, os.makedev(8, 0)))",
    "mknod set-user-ID file": "import stat; attempt(lambda: os.mknod('n', 0o4755 | stat.S_IFREG))",
    "write to /usr": "attempt(lambda: open('/usr/bin/escape', 'w'))",
    "write to /etc": "attempt(lambda: open('/etc/passwd', 'a'))",
    "write to /": "attempt(lambda: open('/escape', 'w'))",
    "write to /run": "attempt(lambda: open('/run/escape', 'w'))",
    "write to /dev": "attempt(lambda: open('/dev/escape', 'w'))",
    "write to the supervisor": "attempt(lambda: open('/run/aether/supervisor.py', 'a'))",
    "replace the supervisor": "attempt(lambda: os.rename('/run/aether', '/run/other'))",
    "/proc/sys": "attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w').write('|/tmp/x'))",
    "/proc/sys hostname": "attempt(lambda: open('/proc/sys/kernel/hostname', 'w').write('x'))",
    "sethostname": "attempt(lambda: socket.sethostname('x'))",
    "sysrq": "attempt(lambda: open('/proc/sysrq-trigger', 'w').write('h'))",
    "dmesg": "attempt(lambda: call(numbers(103, 116), 3, b' ' * 64, 64))",
    "/dev/kmsg": "attempt(lambda: open('/dev/kmsg'))",
    "/dev/mem": "attempt(lambda: open('/dev/mem'))",
    "disks": "attempt(lambda: [n for n in os.listdir('/dev') if n.startswith(('sd', 'vd', 'nvme', 'loop', 'dm-'))] or False)",
    "/sys": "attempt(lambda: os.listdir('/sys'))",
    "ptrace": "attempt(lambda: call(numbers(101, 117), 0, 0, 0, 0))",
    "ptrace the supervisor": "attempt(lambda: call(numbers(101, 117), 16, os.getppid(), 0, 0))",
    "memory of the supervisor": "attempt(lambda: open('/proc/%d/mem' % os.getppid(), 'rb'))",
    "descriptors of the supervisor": "attempt(lambda: os.listdir('/proc/%d/fd' % os.getppid()))",
    "descriptors of the first process": "attempt(lambda: os.listdir('/proc/2/fd'))",
    "process_vm_readv": "attempt(lambda: call(numbers(310, 270), os.getppid(), 0, 0, 0, 0, 0))",
    "pidfd_getfd": "attempt(lambda: call(438, os.pidfd_open(os.getppid()), 3, 0))",
    "keyctl": "attempt(lambda: call(numbers(250, 219), 0, -3, 0))",
    "add_key": "attempt(lambda: call(numbers(248, 217), b'user', b'a', b'b', 1, -3))",
    "io_uring": "attempt(lambda: call(425, 1, b' ' * 120))",
    "bpf": "attempt(lambda: call(numbers(321, 280), 0, b' ' * 64, 64))",
    "perf": "attempt(lambda: call(numbers(298, 241), b' ' * 112, 0, -1, -1, 0))",
    "userfaultfd": "attempt(lambda: call(numbers(323, 282), 1))",
    "open_by_handle_at": "attempt(lambda: call(numbers(304, 265), 3, b' ' * 32, 0))",
    "kernel modules": "attempt(lambda: call(numbers(313, 273), 0, b'', 0))",
    "kexec": "attempt(lambda: call(numbers(246, 104), 0, 0, 0, 0))",
    "reboot": "attempt(lambda: call(numbers(169, 142), 0xfee1dead, 672274793, 0, 0))",
    "swapon": "attempt(lambda: call(numbers(167, 224), b'/tmp/x', 0))",
    "acct": "attempt(lambda: call(numbers(163, 89), b'/tmp/x'))",
    "clock": "attempt(lambda: call(numbers(227, 112), 0, struct.pack('qq', 0, 0)))",
    "raw socket": "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))",
    "raw IPv6 socket": "attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58))",
    "packet socket": "attempt(lambda: socket.socket(17, socket.SOCK_RAW, 0))",
    "vsock": "attempt(lambda: socket.socket(40, socket.SOCK_STREAM))",
    "netlink": "attempt(lambda: socket.socket(16, socket.SOCK_RAW, 0))",
    "netlink audit": "attempt(lambda: socket.socket(16, socket.SOCK_RAW, 9))",
    "kernel cryptography socket": "attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET))",
    "bluetooth": "attempt(lambda: socket.socket(31, socket.SOCK_RAW, 1))",
    "x32 calls": "attempt(lambda: call(0x40000000 + 39) if os.uname().machine == 'x86_64' else False)",
    "inherited descriptors": """
names = {}
for name in os.listdir('/proc/self/fd'):
    try: names[int(name)] = os.readlink('/proc/self/fd/' + name)
    except OSError: pass
attempt(lambda: {n: t for n, t in names.items() if n > 2 or not t.startswith(('/dev/null', 'pipe:'))} or False)""",
    "raise resource limits": "import resource; attempt(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20)))",
    "lower the niceness": "attempt(lambda: os.nice(-10))",
    "real-time scheduling": "attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))",
    "capabilities": """
lines = [line for line in open('/proc/self/status') if line.startswith(('CapPrm', 'CapEff', 'CapBnd', 'CapAmb'))]
attempt(lambda: [line for line in lines if int(line.split()[1], 16)] or False)""",
    "gain privileges by exec": """
attempt(lambda: 'NoNewPrivs:\\t1' not in open('/proc/self/status').read())""",
    "hard link to a host file": "attempt(lambda: os.link('/usr/bin/env', 'linked'))",
    "bind a privileged port": "attempt(lambda: socket.socket().bind(('127.0.0.1', 80)))",
}  # fmt: skip


def script(name: str, facts: dict[str, object]) -> str:
    """The complete script of an attempt."""
    body = ESCAPES[name]
    for key, value in facts.items():
        body = body.replace("{" + key + "}", str(value))
    return PRELUDE + body

"""The flags of ``docker`` itself and of its container commands (28.2.2), see flags.py."""

from __future__ import annotations

from overlaysim.docker.client.flags import FlagTable

GLOBAL = FlagTable("""
config                 string            ~
context             -c string            ~
debug               -D bool              ~
host                -H list              ~
log-level           -l string            ~
tls                    bool              ~
tlscacert              string            ~
tlscert                string            ~
tlskey                 string            ~
tlsverify              bool              ~
version             -v bool              print the version
""")

_CREATE = """
add-host               extra-host        one more line for /etc/hosts, HOST:ADDRESS
annotation             map               ~
attach              -a list              ~
blkio-weight           uint16            ~
blkio-weight-device    list              ~
cap-add                list              ~
cap-drop               list              ~
cgroup-parent          string            ~
cgroupns               string            ~
cidfile                string            ~
cpu-count              int               ~
cpu-percent            int               ~
cpu-period             int               ~
cpu-quota              int               ~
cpu-rt-period          int               ~
cpu-rt-runtime         int               ~
cpu-shares          -c int               ~
cpus                   cpus              ~
cpuset-cpus            string            ~
cpuset-mems            string            ~
device                 list              ~
device-cgroup-rule     list              ~
device-read-bps        list              ~
device-read-iops       list              ~
device-write-bps       list              ~
device-write-iops      list              ~
disable-content-trust  bool              ~
dns                    address           ~
dns-option,dns-opt     list              ~
dns-search             domain            ~
domainname             string            ~
entrypoint             string            program to start instead of the image's own
env                 -e env               environment variable, NAME=VALUE
env-file               list              ~
expose                 list              ~
gpus                   string            ~
group-add              list              ~
health-cmd             string            ~
health-interval        duration          ~
health-retries         int               ~
health-start-interval  duration          ~
health-start-period    duration          ~
health-timeout         duration          ~
hostname            -h string            host name of the container
init                   bool              ~
interactive         -i bool              keep standard input open
io-maxbandwidth        bytes             ~
io-maxiops             uint              ~
ip                     string            IPv4 address on the network
ip6                    string            IPv6 address on the network
ipc                    string            ~
isolation              string            ~
kernel-memory          bytes             ~
label               -l label             label, KEY=VALUE
label-file             list              ~
link                   list              ~
link-local-ip          list              ~
log-driver             string            ~
log-opt                list              ~
mac-address            string            MAC address on the network
memory              -m bytes             ~
memory-reservation     bytes             ~
memory-swap            string            ~
memory-swappiness      int               ~
mount                  string            ~
name                   string            name of the container
network,net            network           network to attach to; long form name=NET,alias=A,ip=IP
network-alias,net-alias list             another name on the network
no-healthcheck         bool              ~
oom-kill-disable       bool              ~
oom-score-adj          int               ~
pid                    string            ~
pids-limit             int               ~
platform               string            ~
privileged             bool              ~
publish             -p list              ~
publish-all         -P bool              ~
pull                   string=missing    ~
quiet               -q bool              say nothing about pulling the image
read-only              bool              ~
restart                string=no         ~
rm                     bool              remove the container when it ends
runtime                string            ~
security-opt           list              ~
shm-size               bytes             ~
stop-signal            string            ~
stop-timeout           int               ~
storage-opt            list              ~
sysctl                 list              TCP setting, net.ipv4.tcp_…=VALUE
tmpfs                  list              ~
tty                 -t bool              give it a terminal
ulimit                 list              ~
use-api-socket         bool              ~
user                -u string            ~
userns                 string            ~
uts                    string            ~
volume              -v list              ~
volume-driver          string            ~
volumes-from           list              ~
workdir             -w string            ~
"""

CREATE = FlagTable(_CREATE)

RUN = FlagTable(
    _CREATE
    + """
detach              -d bool              leave it running and print its id
detach-keys            string            ~
sig-proxy              bool=true         ~
"""
)

EXEC = FlagTable("""
detach              -d bool              do not wait for the command to end
detach-keys            string            ~
env                 -e env               environment variable, NAME=VALUE
env-file               list              ~
interactive         -i bool              keep standard input open
privileged             bool              ~
tty                 -t bool              give it a terminal
user                -u string            ~
workdir             -w string            ~
""")

PS = FlagTable("""
all                 -a bool              stopped containers too
filter              -f filter            show only what fits, NAME=VALUE
format                 string            table, json or a template
last                -n int=-1            show that many of the newest, stopped ones too
latest              -l bool              show the newest, stopped or not
no-trunc               bool              print everything in full
quiet               -q bool              print ids only
size                -s bool              ~
""")

REMOVE = FlagTable("""
force               -f bool              remove a running container too
link                -l bool              ~
volumes             -v bool              ~
""")

STOP = FlagTable("""
signal              -s string            ~
timeout,time        -t int               seconds to wait before it is killed
""")

START = FlagTable("""
attach              -a bool              wait for its end and print what it writes
checkpoint             string            ~
checkpoint-dir         string            ~
detach-keys            string            ~
interactive         -i bool              keep standard input open
""")

KILL = FlagTable("""
signal              -s string            signal to send, KILL if not given
""")

INSPECT = FlagTable("""
format              -f string            json or a template
size                -s bool              ~
type                   string            look only among container, network, node, service, task
""")

INSPECT_CONTAINER = FlagTable("""
format              -f string            json or a template
size                -s bool              ~
""")

LOGS = FlagTable("""
details                bool              ~
follow              -f bool              ~
since                  string            ~
tail                -n string=all        number of lines from the end
timestamps          -t bool              ~
until                  string            ~
""")

FORMAT = FlagTable("""
format              -f string            json or a template
""")

"""The flags of network, swarm, node and service commands (client 28.2.2), see flags.py."""

from __future__ import annotations

from overlaysim.docker.client.flags import FlagTable

NETWORK_CREATE = FlagTable("""
attachable               bool             containers outside services may attach too
aux-address              map              ~
config-from              string           ~
config-only              bool             ~
driver                -d string=bridge    bridge or overlay
gateway                  strings          gateway address of a subnet
ingress                  bool             make it the routing-mesh network
internal                 bool             no way out of the network
ip-range                 strings          part of a subnet that addresses are taken from
ipam-driver              string=default   ~
ipam-opt                 map              ~
ipv4                     bool=true        give IPv4 addresses
ipv6                     bool             give IPv6 addresses
label                    label            label, KEY=VALUE
opt                   -o map              driver option, KEY=VALUE
scope                    string           swarm or local
subnet                   strings          subnet in CIDR form
""")

NETWORK_LIST = FlagTable("""
filter                -f filter           show only what fits, NAME=VALUE
format                   string           table, json or a template
no-trunc                 bool             print everything in full
quiet                 -q bool             print ids only
""")

NETWORK_INSPECT = FlagTable("""
format                -f string           json or a template
verbose               -v bool             show services and tasks as this host knows them
""")

NETWORK_REMOVE = FlagTable("""
force                 -f bool             no error for a network that does not exist
""")

NETWORK_PRUNE = FlagTable("""
filter                   filter           ~
force                 -f bool             do not ask
""")

NETWORK_CONNECT = FlagTable("""
alias                    strings          another name on the network
driver-opt               strings          ~
gw-priority              int              ~
ip                       string           IPv4 address on the network
ip6                      string           IPv6 address on the network
link                     list             ~
link-local-ip            strings          ~
""")

NETWORK_DISCONNECT = FlagTable("""
force                 -f bool             disconnect whatever state the container is in
""")

_SWARM_SETTINGS = """
autolock                 bool             ~
cert-expiry              duration         ~
dispatcher-heartbeat     duration         time between two heartbeats of a node
external-ca              string           ~
max-snapshots            uint             ~
snapshot-interval        uint             ~
task-history-limit       int              ended tasks that are kept for each slot
"""

SWARM_INIT = FlagTable(
    _SWARM_SETTINGS
    + """
advertise-addr           string           address that the other nodes use
availability             string           active, pause or drain
data-path-addr           string           address for the VXLAN traffic
data-path-port           uint32           UDP port for the VXLAN traffic
default-addr-pool        subnets          range that subnets are taken from
default-addr-pool-mask-length uint32=24   prefix length of those subnets
force-new-cluster        bool             ~
listen-addr              node-addr=0.0.0.0:2377  address the managers listen on
"""
)

SWARM_JOIN = FlagTable("""
advertise-addr           string           address that the other nodes use
availability             string           active, pause or drain
data-path-addr           string           address for the VXLAN traffic
listen-addr              node-addr=0.0.0.0:2377  address a manager listens on
token                    string           token that decides the role
""")

SWARM_LEAVE = FlagTable("""
force                 -f bool             leave even as a manager
""")

SWARM_JOIN_TOKEN = FlagTable("""
quiet                 -q bool             print the token only
rotate                   bool             make a new token first
""")

SWARM_UPDATE = FlagTable(_SWARM_SETTINGS)

NODE_LIST = FlagTable("""
filter                -f filter           show only what fits, NAME=VALUE
format                   string           table, json or a template
quiet                 -q bool             print ids only
""")

TASK_LIST = FlagTable("""
filter                -f filter           show only what fits, NAME=VALUE
format                   string           table, json or a template
no-resolve               bool             print ids instead of names
no-trunc                 bool             print everything in full
quiet                 -q bool             print ids only
""")

PRETTY_INSPECT = FlagTable("""
format                -f string           json or a template
pretty                   bool             print it for people
""")

NODE_UPDATE = FlagTable("""
availability             string           active, pause or drain
label-add                label            add or change a label, KEY=VALUE
label-rm                 list             remove a label
role                     string           worker or manager
""")

NODE_REMOVE = FlagTable("""
force                 -f bool             remove a node that is not down
""")

_SERVICE = """
credential-spec          string           ~
detach                -d bool             do not wait for the tasks
endpoint-mode            string           vip or dnsrr
entrypoint               words            program to start instead of the image's own
health-cmd               string           ~
health-interval          duration         ~
health-retries           int              ~
health-start-interval    duration         ~
health-start-period      duration         ~
health-timeout           duration         ~
hostname                 string           host name of the containers
init                     bool             ~
isolation                string           ~
limit-cpu                cpus             ~
limit-memory             bytes            ~
limit-pids               int              ~
log-driver               string           ~
log-opt                  list             ~
max-concurrent           uint             ~
no-healthcheck           bool             ~
no-resolve-image         bool             do not ask a registry (none is asked anyway)
oom-score-adj            int              ~
quiet                 -q bool             print the id only
read-only                bool             ~
replicas                 uint             number of tasks
replicas-max-per-node    uint             most tasks on one node
reserve-cpu              cpus             ~
reserve-memory           bytes            ~
restart-condition        string           none, on-failure or any
restart-delay            duration         time before a task is replaced
restart-max-attempts     uint             ~
restart-window           duration         ~
rollback-delay           duration         ~
rollback-failure-action  string           ~
rollback-max-failure-ratio float          ~
rollback-monitor         duration         ~
rollback-order           string           ~
rollback-parallelism     uint             ~
stop-grace-period        duration         ~
stop-signal              string           ~
tty                   -t bool             ~
update-delay             duration         ~
update-failure-action    string           ~
update-max-failure-ratio float            ~
update-monitor           duration         ~
update-order             string           ~
update-parallelism       uint             ~
user                  -u string           ~
with-registry-auth       bool             ~
workdir               -w string           ~
cap-add                  list             ~
cap-drop                 list             ~
"""

SERVICE_CREATE = FlagTable(
    _SERVICE
    + """
config                   string           ~
constraint               list             condition on the node, KEY==VALUE or KEY!=VALUE
container-label          label            label of the containers, KEY=VALUE
dns                      address          ~
dns-option               list             ~
dns-search               domain           ~
env                   -e env              environment variable, NAME=VALUE
env-file                 list             ~
generic-resource         list             ~
group                    list             ~
host                     extra-host       one more line for /etc/hosts, HOST:ADDRESS
label                 -l label            label, KEY=VALUE
mode                     string=replicated  replicated or global
mount                    string           ~
name                     string           name of the service
network                  network          network to attach to
placement-pref           pref             ~
publish               -p port             ~
secret                   string           ~
sysctl                   list             ~
ulimit                   list             ~
"""
)

SERVICE_UPDATE = FlagTable(
    _SERVICE
    + """
args                     words            arguments of the program
config-add               string           ~
config-rm                list             ~
constraint-add           list             condition on the node, KEY==VALUE or KEY!=VALUE
constraint-rm            list             remove a condition
container-label-add      label            label of the containers, KEY=VALUE
container-label-rm       list             remove a label of the containers
dns-add                  address          ~
dns-option-add           list             ~
dns-option-rm            list             ~
dns-rm                   address          ~
dns-search-add           domain           ~
dns-search-rm            domain           ~
env-add                  env              environment variable, NAME=VALUE
env-rm                   list             remove an environment variable
force                    bool             replace all tasks even without a change
generic-resource-add     list             ~
generic-resource-rm      list             ~
group-add                list             ~
group-rm                 list             ~
host-add                 extra-host       one more line for /etc/hosts, HOST:ADDRESS
host-rm                  extra-host       remove a line of /etc/hosts
image                    string           image of the tasks
label-add                label            label, KEY=VALUE
label-rm                 list             remove a label
mount-add                string           ~
mount-rm                 list             ~
network-add              network          attach to one more network
network-rm               list             detach from a network
placement-pref-add       pref             ~
placement-pref-rm        pref             ~
publish-add              port             ~
publish-rm               port             ~
rollback                 bool             go back to the specification before the last one
secret-add               string           ~
secret-rm                list             ~
sysctl-add               list             ~
sysctl-rm                list             ~
ulimit-add               list             ~
ulimit-rm                list             ~
"""
)

SERVICE_LIST = NODE_LIST

SERVICE_SCALE = FlagTable("""
detach                -d bool             do not wait for the tasks
""")

SERVICE_ROLLBACK = FlagTable("""
detach                -d bool             do not wait for the tasks
quiet                 -q bool             print the name only
""")

SERVICE_LOGS = FlagTable("""
details                  bool             ~
follow                -f bool             ~
no-resolve               bool             ~
no-task-ids              bool             ~
no-trunc                 bool             ~
raw                      bool             ~
since                    string           ~
tail                  -n string=all       number of lines from the end
timestamps            -t bool             ~
""")

NONE = FlagTable()

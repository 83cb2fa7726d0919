// Plays W1, W2 or W3 with UDP sockets over IPv4 and point-to-point devices.
//
// The workload comes on standard input, as numbers:
//     seed nodes hosts rate(bit/s) delay(ps) queue(packets, -1: any number) frame(bytes)
//     gap(ps) poisson(0/1) echo(0/1)
//     links, then for each: node node
//     flows, then for each: packets start(ps) length, then as many nodes from source to destination
// Hosts are the first of the nodes. What comes out is a line of JSON with times in picoseconds.

#include "flow-routing.h"
#include "report.h"

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

#include <cinttypes>
#include <iostream>
#include <map>
#include <memory>

using namespace ns3;

namespace
{

constexpr uint16_t DATA_PORT = 9000;
constexpr uint16_t ECHO_PORT = 7;
constexpr uint32_t HEADERS = 2 + 20 + 8; // PPP, IPv4, UDP
constexpr uint32_t STAMP = 12;           // SeqTsHeader: a number and the instant of birth

struct Settings
{
    uint64_t seed, nodes, hosts, rate, delay;
    int64_t queue;
    uint64_t frame, gap, poisson, echo;
};

struct Tally
{
    uint64_t created = 0, delivered = 0, measured = 0;
    int64_t sum = 0, least = INT64_MAX, most = INT64_MIN;
};

Settings g_settings;
Tally g_tally;

template <typename T>
T
Read()
{
    T value;
    if (!(std::cin >> value))
    {
        NS_FATAL_ERROR("the workload on standard input is incomplete");
    }
    return value;
}

// Data of a one-way workload, or the answer to an echo request.
void
Arrived(Ptr<Socket> socket)
{
    while (Ptr<Packet> packet = socket->Recv())
    {
        SeqTsHeader stamp;
        packet->RemoveHeader(stamp);
        const int64_t latency = (Simulator::Now() - stamp.GetTs()).GetPicoSeconds();
        g_tally.delivered++;
        g_tally.measured++;
        g_tally.sum += latency;
        g_tally.least = std::min(g_tally.least, latency);
        g_tally.most = std::max(g_tally.most, latency);
    }
}

void
Answer(Ptr<Socket> socket)
{
    Address from;
    while (Ptr<Packet> packet = socket->RecvFrom(from))
    {
        g_tally.delivered++;
        g_tally.created++;
        packet->RemoveAllPacketTags();
        packet->RemoveAllByteTags();
        socket->SendTo(packet, 0, from);
    }
}

// The nodes with what joins them and the sockets of the hosts.
class Network
{
  public:
    void Build()
    {
        m_nodes.Create(g_settings.nodes);
        InternetStackHelper stack;
        stack.SetIpv6StackInstall(false);
        stack.Install(m_nodes);
        for (uint32_t number = 0; number < g_settings.nodes; number++)
        {
            m_routing.push_back(CreateObject<FlowRouting>());
            m_nodes.Get(number)->GetObject<Ipv4>()->SetRoutingProtocol(m_routing.back());
        }
        const auto links = Read<uint32_t>();
        for (uint32_t number = 0; number < links; number++)
        {
            const auto a = Read<uint32_t>();
            Join(a, Read<uint32_t>());
        }
        for (uint32_t host = 0; host < g_settings.hosts; host++)
        {
            m_sockets.push_back(Open(host, DATA_PORT, MakeCallback(&Arrived)));
            if (g_settings.echo)
            {
                m_echoes.push_back(Open(host, ECHO_PORT, MakeCallback(&Answer)));
            }
        }
    }

    // Along these nodes goes what is for this destination.
    void Lay(uint32_t destination, const std::vector<uint32_t>& path)
    {
        for (size_t hop = 0; hop + 1 < path.size(); hop++)
        {
            m_routing[path[hop]]->Add(destination,
                                      m_devices.at({path[hop], path[hop + 1]}),
                                      FlowRouting::AddressOf(path[hop]));
        }
    }

    Ptr<Socket> SocketOf(uint32_t host) const
    {
        return m_sockets[host];
    }

    // Packets transmitted and dropped: a packet that the queue takes in is transmitted.
    std::pair<uint64_t, uint64_t> Count() const
    {
        uint64_t carried = 0;
        uint64_t dropped = 0;
        for (const auto& [link, device] : m_devices)
        {
            carried += device->GetQueue()->GetTotalReceivedPackets();
            dropped += device->GetQueue()->GetTotalDroppedPackets();
        }
        return {carried, dropped};
    }

  private:
    void Join(uint32_t a, uint32_t b)
    {
        PointToPointHelper link;
        link.SetDeviceAttribute("DataRate", DataRateValue(DataRate(g_settings.rate)));
        link.SetChannelAttribute("Delay", TimeValue(PicoSeconds(g_settings.delay)));
        const uint32_t limit = g_settings.queue < 0 ? 1000000000 : g_settings.queue;
        link.SetQueue("ns3::DropTailQueue<Packet>",
                      "MaxSize",
                      QueueSizeValue(QueueSize(QueueSizeUnit::PACKETS, limit)));
        link.DisableFlowControl(); // the device's queue is the only one
        auto devices = link.Install(m_nodes.Get(a), m_nodes.Get(b));
        m_devices[{a, b}] = DynamicCast<PointToPointNetDevice>(devices.Get(0));
        m_devices[{b, a}] = DynamicCast<PointToPointNetDevice>(devices.Get(1));
        for (uint32_t end = 0; end < 2; end++)
        {
            auto ipv4 = devices.Get(end)->GetNode()->GetObject<Ipv4>();
            ipv4->SetUp(ipv4->AddInterface(devices.Get(end)));
        }
    }

    Ptr<Socket> Open(uint32_t host, uint16_t port, Callback<void, Ptr<Socket>> receive)
    {
        auto socket = Socket::CreateSocket(m_nodes.Get(host), UdpSocketFactory::GetTypeId());
        socket->Bind(InetSocketAddress(Ipv4Address::GetAny(), port));
        socket->SetRecvCallback(receive);
        return socket;
    }

    NodeContainer m_nodes;
    std::vector<Ptr<FlowRouting>> m_routing;
    std::vector<Ptr<Socket>> m_sockets, m_echoes;
    std::map<std::pair<uint32_t, uint32_t>, Ptr<PointToPointNetDevice>> m_devices;
};

// Sends the packets of a flow.
class Source
{
  public:
    // Reads the flow; its destination has this number, and an address of that number.
    Source(Network& network, uint32_t number)
        : m_left(Read<uint64_t>())
    {
        const auto start = PicoSeconds(Read<int64_t>());
        std::vector<uint32_t> path(Read<uint32_t>());
        for (auto& node : path)
        {
            node = Read<uint32_t>();
        }
        m_socket = network.SocketOf(path.front());
        m_peer = InetSocketAddress(FlowRouting::AddressOf(g_settings.hosts + number),
                                   g_settings.echo ? ECHO_PORT : DATA_PORT);
        network.Lay(g_settings.hosts + number, path);
        if (g_settings.echo)
        {
            network.Lay(path.front(), {path.rbegin(), path.rend()});
        }
        m_gaps = CreateObject<ExponentialRandomVariable>();
        m_gaps->SetAttribute("Mean", DoubleValue(g_settings.gap));
        m_gaps->SetStream(number);
        if (m_left)
        {
            Simulator::Schedule(g_settings.poisson ? Gap() : start, &Source::Send, this);
        }
    }

  private:
    Time Gap()
    {
        return PicoSeconds(g_settings.poisson ? std::llround(m_gaps->GetValue()) : g_settings.gap);
    }

    void Send()
    {
        auto packet = Create<Packet>(g_settings.frame - HEADERS - STAMP);
        packet->AddHeader(SeqTsHeader());
        m_socket->SendTo(packet, 0, m_peer);
        g_tally.created++;
        if (--m_left)
        {
            Simulator::Schedule(Gap(), &Source::Send, this);
        }
    }

    uint64_t m_left;
    Ptr<Socket> m_socket;
    Address m_peer;
    Ptr<ExponentialRandomVariable> m_gaps;
};

} // namespace

int
main()
{
    Time::SetResolution(Time::PS); // a frame of W1 takes 873.6 ns
    g_settings.seed = Read<uint64_t>();
    g_settings.nodes = Read<uint64_t>();
    g_settings.hosts = Read<uint64_t>();
    g_settings.rate = Read<uint64_t>();
    g_settings.delay = Read<uint64_t>();
    g_settings.queue = Read<int64_t>();
    g_settings.frame = Read<uint64_t>();
    g_settings.gap = Read<uint64_t>();
    g_settings.poisson = Read<uint64_t>();
    g_settings.echo = Read<uint64_t>();
    RngSeedManager::SetRun(g_settings.seed);

    Network network;
    network.Build();
    std::vector<std::unique_ptr<Source>> sources;
    const auto flows = Read<uint32_t>();
    for (uint32_t number = 0; number < flows; number++)
    {
        sources.push_back(std::make_unique<Source>(network, number));
    }

    const double started = CpuSeconds();
    Simulator::Run();
    const double cpu = CpuSeconds() - started;
    const auto [carried, dropped] = network.Count();
    std::printf("{\"created\": %" PRIu64 ", \"delivered\": %" PRIu64 ", \"dropped\": %" PRIu64
                ", \"packet_hops\": %" PRIu64 ", \"latency_sum\": %" PRId64
                ", \"latency_least\": %" PRId64 ", \"latency_most\": %" PRId64
                ", \"measured\": %" PRIu64 ", \"cpu\": %.9f, \"peak_rss\": %ld}\n",
                g_tally.created,
                g_tally.delivered,
                dropped,
                carried,
                g_tally.sum,
                g_tally.least,
                g_tally.most,
                g_tally.measured,
                cpu,
                PeakMemory());
    Simulator::Destroy();
    return 0;
}

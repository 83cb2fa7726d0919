// Plays W5: 16 TCP senders at once to one receiver behind a router.
//
//     tcp newreno|cubic LOSS SEED
//
// LOSS is the share of the frames lost where they arrive at the receiver. What comes out is a line
// of JSON; time is in seconds. A flow that has not finished after 300 of them is cut off.

#include "report.h"

#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"

#include <cinttypes>
#include <string>

using namespace ns3;

namespace
{

constexpr uint32_t SENDERS = 16;
constexpr uint64_t EACH = 10'000'000; // bytes
constexpr uint32_t SEGMENT = 1398;     // MTU 1450 less 52 of IPv4, TCP and time stamps
constexpr uint32_t BUFFERS = 4'000'000; // bytes; ns-3's own 131072 leave more flows unfinished
constexpr uint16_t PORT = 5201;

double g_last = 0;

void
Received(Ptr<const Packet>, const Address&)
{
    g_last = Simulator::Now().GetSeconds();
}

void
Configure(const std::string& variant)
{
    const std::string type = variant == "cubic" ? "ns3::TcpCubic" : "ns3::TcpNewReno";
    Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TypeId::LookupByName(type)));
    Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(SEGMENT));
    Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
    Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(BUFFERS));
    Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(BUFFERS));
    Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200)));
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc != 4)
    {
        std::fprintf(stderr, "usage: %s newreno|cubic LOSS SEED\n", argv[0]);
        return 2;
    }
    Configure(argv[1]);
    RngSeedManager::SetRun(std::stoul(argv[3]));

    NodeContainer nodes(SENDERS + 2); // the receiver, the router, the senders
    InternetStackHelper stack;
    stack.SetIpv6StackInstall(false);
    stack.Install(nodes);
    PointToPointHelper link;
    link.SetDeviceAttribute("DataRate", StringValue("1Gbps"));
    link.SetChannelAttribute("Delay", StringValue("20us"));
    link.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", StringValue("100p"));
    link.DisableFlowControl(); // the device's queue is the only one
    Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.0");
    NetDeviceContainer devices;
    Ipv4Address receiver;
    for (uint32_t number = 0; number < SENDERS + 2; number++)
    {
        if (number == 1)
        {
            continue; // the router itself
        }
        auto pair = link.Install(nodes.Get(number), nodes.Get(1));
        devices.Add(pair);
        auto given = addresses.Assign(pair);
        receiver = number == 0 ? given.GetAddress(0) : receiver;
        addresses.NewNetwork();
    }
    Ipv4GlobalRoutingHelper::PopulateRoutingTables();
    auto loss = CreateObject<RateErrorModel>();
    loss->SetUnit(RateErrorModel::ERROR_UNIT_PACKET);
    loss->SetRate(std::stod(argv[2]));
    devices.Get(0)->SetAttribute("ReceiveErrorModel", PointerValue(loss));

    const InetSocketAddress here(Ipv4Address::GetAny(), PORT);
    auto sink = PacketSinkHelper("ns3::TcpSocketFactory", here).Install(nodes.Get(0)).Get(0);
    sink->TraceConnectWithoutContext("Rx", MakeCallback(&Received));
    BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(receiver, PORT));
    bulk.SetAttribute("MaxBytes", UintegerValue(EACH));
    bulk.SetAttribute("SendSize", UintegerValue(SEGMENT));
    for (uint32_t number = 2; number < SENDERS + 2; number++)
    {
        bulk.Install(nodes.Get(number)).Start(Seconds(0));
    }

    Simulator::Stop(Seconds(300));
    const double started = CpuSeconds();
    Simulator::Run();
    const double cpu = CpuSeconds() - started;
    uint64_t carried = 0;
    for (uint32_t number = 0; number < devices.GetN(); number++)
    {
        auto device = DynamicCast<PointToPointNetDevice>(devices.Get(number));
        carried += device->GetQueue()->GetTotalReceivedPackets();
    }
    std::printf("{\"bytes\": %" PRIu64 ", \"last_byte\": %.9f, \"packet_hops\": %" PRIu64
                ", \"cpu\": %.9f, \"peak_rss\": %ld}\n",
                DynamicCast<PacketSink>(sink)->GetTotalRx(),
                g_last,
                carried,
                cpu,
                PeakMemory());
    Simulator::Destroy();
    return 0;
}

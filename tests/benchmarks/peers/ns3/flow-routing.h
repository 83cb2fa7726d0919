// Routing by exact match of the destination address, with one look into an array.
//
// ns-3's own static routing searches a list from end to end, and has no ECMP that keeps the packets
// of a flow on one path. This is faster, so it is in ns-3's favour.

#ifndef PEERS_FLOW_ROUTING_H
#define PEERS_FLOW_ROUTING_H

#include "ns3/internet-module.h"

#include <vector>

class FlowRouting : public ns3::Ipv4RoutingProtocol
{
  public:
    // Destinations are numbered; number n has the address First() + n.
    static ns3::Ipv4Address AddressOf(uint32_t destination)
    {
        return ns3::Ipv4Address(FIRST + destination);
    }

    // What is for this destination leaves by this device; all else is for this node itself.
    void Add(uint32_t destination, ns3::Ptr<ns3::NetDevice> device, ns3::Ipv4Address source)
    {
        if (destination >= m_routes.size())
        {
            m_routes.resize(destination + 1);
        }
        auto route = ns3::Create<ns3::Ipv4Route>();
        route->SetDestination(AddressOf(destination));
        route->SetSource(source);
        route->SetGateway(ns3::Ipv4Address::GetAny());
        route->SetOutputDevice(device);
        m_routes[destination] = route;
    }

    ns3::Ptr<ns3::Ipv4Route> RouteOutput(ns3::Ptr<ns3::Packet>,
                                         const ns3::Ipv4Header& header,
                                         ns3::Ptr<ns3::NetDevice>,
                                         ns3::Socket::SocketErrno& error) override
    {
        auto route = Find(header.GetDestination());
        error = route ? ns3::Socket::ERROR_NOTERROR : ns3::Socket::ERROR_NOROUTETOHOST;
        return route;
    }

    bool RouteInput(ns3::Ptr<const ns3::Packet> packet,
                    const ns3::Ipv4Header& header,
                    ns3::Ptr<const ns3::NetDevice> device,
                    const UnicastForwardCallback& forward,
                    const MulticastForwardCallback&,
                    const LocalDeliverCallback& deliver,
                    const ErrorCallback&) override
    {
        if (auto route = Find(header.GetDestination()))
        {
            forward(route, packet, header);
        }
        else
        {
            deliver(packet, header, m_ipv4->GetInterfaceForDevice(device));
        }
        return true;
    }

    void NotifyInterfaceUp(uint32_t) override {}
    void NotifyInterfaceDown(uint32_t) override {}
    void NotifyAddAddress(uint32_t, ns3::Ipv4InterfaceAddress) override {}
    void NotifyRemoveAddress(uint32_t, ns3::Ipv4InterfaceAddress) override {}
    void PrintRoutingTable(ns3::Ptr<ns3::OutputStreamWrapper>, ns3::Time::Unit) const override {}

    void SetIpv4(ns3::Ptr<ns3::Ipv4> ipv4) override
    {
        m_ipv4 = ipv4;
    }

  private:
    static constexpr uint32_t FIRST = 0x0a000001; // 10.0.0.1

    ns3::Ptr<ns3::Ipv4Route> Find(ns3::Ipv4Address destination) const
    {
        const uint32_t number = destination.Get() - FIRST;
        return number < m_routes.size() ? m_routes[number] : nullptr;
    }

    ns3::Ptr<ns3::Ipv4> m_ipv4;
    std::vector<ns3::Ptr<ns3::Ipv4Route>> m_routes;
};

#endif

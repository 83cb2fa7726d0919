// The line of JSON with which a program ends.

#ifndef PEERS_REPORT_H
#define PEERS_REPORT_H

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <sys/resource.h>

// CPU seconds of this process.
inline double
CpuSeconds()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Bytes that this process has needed at most (Linux counts KiB).
inline long
PeakMemory()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024;
}

#endif

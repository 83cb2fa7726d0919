// What programs tell of themselves in the line of JSON with which they end.

#ifndef PEERS_REPORT_H
#define PEERS_REPORT_H

#include <ctime>
#include <fstream>
#include <string>
#include <sys/resource.h>

// CPU seconds of this process.
inline double
CpuSeconds()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// Bytes that this process has needed at most. Linux's ru_maxrss includes the size of the program
// that started this one; VmHWM (proc(5)) does not.
inline long
PeakMemory()
{
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word)
    {
        long kib;
        if (word == "VmHWM:" && status >> kib)
        {
            return kib * 1024;
        }
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024;
}

#endif

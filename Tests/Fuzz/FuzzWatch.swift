import Glibc

/// What the parent does: starts children, and says which input ended one, held it up or filled the memory.
struct FuzzWatch {
    /// Of computing time on one input, so that a busy machine is no hang.
    private static let hangSeconds = 2.0
    private static let mostMemory = 1 << 30
    /// Resident memory that may be gained after the first tenth of a run.
    private static let mostGrowth = 192 << 20
    private static let mostCrashes = 20

    let options: FuzzOptions

    /// The number of findings.
    func run() -> Int {
        FuzzFiles.makeFolder(options.keptFolder)
        FuzzFiles.makeFolder(options.findingsFolder)
        let path = "\(options.work)/\(options.front)/page"
        guard let page = SharedPage(path: path) else {
            print("\(options.front): can't map \(path)")
            return 1
        }
        let start = ContinuousClock.now
        let end = start + .milliseconds(Int(options.minutes * 60_000))
        var runs: UInt64 = 0
        var kept: UInt64 = 0
        var findings = 0
        var crashes = 0
        var seed = options.seed
        while ContinuousClock.now < end, crashes < Self.mostCrashes {
            page.clear()
            let left = ContinuousClock.now.duration(to: end)
            let fault = watchChild(page, path: path, minutes: left / .seconds(60), seed: seed)
            runs += page[.runs]
            kept += page[.kept]
            findings += Int(page[.findings])
            seed &+= 1
            guard let fault else { continue }
            let input = page.input
            let file = "\(options.findingsFolder)/crash-\(FuzzFiles.name(of: input))"
            FuzzFiles.write(input, to: file)
            print("\(options.front): \(fault)\n  input: \(file)")
            crashes += 1
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        print(
            "\(options.front): \(runs) inputs in \(Int(seconds)) s (\(Int(Double(runs) / max(seconds, 0.001)))/s), seed \(options.seed), "
                + "\(kept) with new answers in \(options.keptFolder), \(findings + crashes) findings")
        fflush(nil)
        return findings + crashes
    }

    /// Runs one child to its end; the sentence says what ended it early.
    private func watchChild(_ page: SharedPage, path: String, minutes: Double, seed: UInt64) -> String? {
        fflush(nil)
        let words = ["/proc/self/exe"] + options.childArguments(minutes: minutes, seed: seed, page: path)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        guard posix_spawn(&child, "/proc/self/exe", nil, nil, &arguments, environ) == 0 else { return "can't start a child" }

        var lastRuns: UInt64 = 0
        var cpuAtLastRun = 0.0
        var baseline: Int?
        let begun = ContinuousClock.now
        while true {
            var status: Int32 = 0
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child { return Self.fault(status) }
            usleep(100_000)
            let runs = page[.runs]
            let cpu = ProcessFacts.seconds(child)
            if runs != lastRuns || cpu < cpuAtLastRun { (lastRuns, cpuAtLastRun) = (runs, cpu) }
            let memory = ProcessFacts.memory(child)
            if baseline == nil, begun.duration(to: .now) / .seconds(1) > max(5, minutes * 6) { baseline = memory }
            var fault: String?
            if cpu - cpuAtLastRun > Self.hangSeconds { fault = "no end after \(Self.hangSeconds) s of computing" }
            if memory > Self.mostMemory { fault = "\(memory >> 20) MiB of memory" }
            if let baseline, memory > baseline + Self.mostGrowth { fault = "memory grew from \(baseline >> 20) to \(memory >> 20) MiB" }
            if let fault {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
                return fault
            }
        }
    }

    private static func fault(_ status: Int32) -> String? {
        let signal = status & 0x7F
        if signal != 0 { return "the process ended by signal \(signal)" }
        let code = (status >> 8) & 0xFF
        return code == 0 ? nil : "the process ended with code \(code)"
    }
}

/// What the system knows of a process.
enum ProcessFacts {
    /// Computing time so far, in seconds.
    static func seconds(_ process: pid_t) -> Double {
        guard let bytes = FuzzFiles.read("/proc/\(process)/stat"), let close = bytes.lastIndex(of: UInt8(ascii: ")")) else { return 0 }
        let fields = bytes[(close + 1)...].split(separator: 0x20)
        guard fields.count > 12 else { return 0 }
        let ticks = fields[11...12].compactMap { Int(String(decoding: $0, as: UTF8.self)) }.reduce(0, +)
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident memory in bytes.
    static func memory(_ process: pid_t) -> Int {
        guard let bytes = FuzzFiles.read("/proc/\(process)/statm") else { return 0 }
        let fields = bytes.split(separator: 0x20)
        return fields.count > 1 ? (Int(String(decoding: fields[1], as: UTF8.self)) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}

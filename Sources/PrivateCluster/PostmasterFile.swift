import Glibc

/// What a postmaster writes into `postmaster.pid` in its data folder (PostgreSQL's `miscadmin.h`, "lock file" lines).
struct PostmasterFile: Equatable {
    enum Status: String {
        case starting, stopping, ready, standby
        case unknown
    }

    let pid: pid_t
    let port: Int?
    let socketDirectory: String?
    let status: Status

    static func path(in dataFolder: String) -> String { dataFolder + "/postmaster.pid" }

    /// Nil when there is no file, or none that names a process.
    static func read(in dataFolder: String) -> PostmasterFile? {
        Files.readText(path(in: dataFolder), limit: 8192).flatMap(PostmasterFile.init(text:))
    }

    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // A lone backend writes its id with a minus sign.
        guard let first = lines.first, let number = pid_t(first.filter { $0 != " " }), number != 0, number != pid_t.min else { return nil }
        func line(_ index: Int) -> String? {
            guard lines.indices.contains(index), !lines[index].isEmpty else { return nil }
            return lines[index]
        }
        pid = abs(number)
        port = line(3).flatMap { Int($0) }
        socketDirectory = line(4)
        status = line(7).flatMap { Status(rawValue: $0.filter { $0 != " " }) } ?? .unknown
    }
}

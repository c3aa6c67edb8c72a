/// The last words of a server, for error messages.
enum PostmasterLog {
    /// What the postmaster said at its last start, and the end of its log when it had got as far as opening one.
    static func ending(of folder: ClusterFolder) -> String {
        let start = Files.readEnd(folder.startLog, limit: 16384) ?? ""
        var text = lastLines(start, count: 12)
        if start.contains("redirecting log output"), let newest = newestLog(in: folder.log) {
            text += "\n" + lastLines(Files.readEnd(newest, limit: 16384) ?? "", count: 12)
        }
        return text.isEmpty ? "(it wrote nothing to \(folder.startLog))" : text
    }

    static func lastLines(_ text: String, count: Int) -> String {
        text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }

    private static func newestLog(in directory: String) -> String? {
        let logs = Files.names(in: directory).filter { $0.hasPrefix("postgres-") && $0.hasSuffix(".log") }.map { "\(directory)/\($0)" }
        return logs.max { Files.modificationTime($0) < Files.modificationTime($1) }
    }
}

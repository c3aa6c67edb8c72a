import ArgumentParser
import Glibc
import Logging
import PrivateCluster

struct PsqlCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql",
        abstract: "Open psql on the deployment's database.",
        discussion: """
            Uses TESSERA_DATABASE_URL, or the private PostgreSQL of the data folder: a running one, else one that is started for as long \
            as psql runs. What follows -- goes to psql, and psql's exit code comes back.

              tessera psql
              tessera psql -- -c "select count(*) from contacts.person"
            """)

    @OptionGroup var folder: DataFolderOption

    @Argument(parsing: .postTerminator, help: "Arguments for psql.")
    var arguments: [String] = []

    func run() async throws {
        try await reportingFailures {
            let (url, cluster) = try await Database.open(folder.data, logger: CommandLog.quiet)
            let status = Self.runPsql(folder: cluster?.binariesDirectory, arguments: ["-d", url] + arguments)
            await cluster?.stop()
            guard status == 0 else { throw ExitCode(status) }
        }
    }

    /// psql gets the terminal; its exit code is this command's.
    private static func runPsql(folder: String?, arguments: [String]) -> Int32 {
        let program = folder.map { "\($0)/psql" } ?? "psql"
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        // Ctrl-C belongs to psql while it runs.
        signal(SIGINT, SIG_IGN)
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, program, nil, nil, &words, environ)
        guard error == 0 else {
            Console.error("can't start \(program): \(String(cString: strerror(error))); install it with: apt-get install postgresql-client")
            return 3
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}

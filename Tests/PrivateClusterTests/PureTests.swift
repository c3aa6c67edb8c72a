import Testing

@testable import PrivateCluster

@Suite("Reading what PostgreSQL writes")
struct PostmasterFileTests {
    private static let whole = "4711\n/var/lib/tessera/postgres/data\n1760000000\n5432\n/run/tessera/ab\n\n  1234567   42\nready   \n"

    @Test("reads process, port, socket folder and status of a postmaster.pid")
    func whole() throws {
        let file = try #require(PostmasterFile(text: Self.whole))
        #expect(file.pid == 4711)
        #expect(file.port == 5432)
        #expect(file.socketDirectory == "/run/tessera/ab")
        #expect(file.status == .ready)
    }

    @Test(
        "takes what there is of a file that is still being written",
        arguments: [
            ("4711\n", 4711, PostmasterFile.Status.unknown), ("-4711\n/data\n", 4711, .unknown),
            ("4711\n/data\n1\n5432\n/run/x\n\n\nstopping\n", 4711, .stopping), ("4711\n/data\n1\n5432\n\n\n\nstarting\n", 4711, .starting),
        ])
    func partial(text: String, pid: Int32, status: PostmasterFile.Status) throws {
        let file = try #require(PostmasterFile(text: text))
        #expect(file.pid == pid)
        #expect(file.status == status)
    }

    @Test("is nothing when no process is named", arguments: ["", "\n", "abc\n", "0\n", "99999999999999999999\n", "-2147483648\n"])
    func nothing(text: String) {
        #expect(PostmasterFile(text: text) == nil)
    }

    @Test(
        "reads the version of the server programs",
        arguments: [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "15.18 (Debian 15.18-0+deb12u1)", 15),
            ("postgres (PostgreSQL) 17beta1\n", "17beta1", 17), ("postgres (PostgreSQL) 9.6.24\n", "9.6.24", 9),
        ])
    func version(line: String, version: String, major: Int) throws {
        let parsed = try #require(ServerBinaries.parse(version: line))
        #expect(parsed.version == version)
        #expect(parsed.major == major)
    }

    @Test("reads no version from other programs", arguments: ["", "psql (PostgreSQL) 15.18\n", "postgres (PostgreSQL) devel\n"])
    func noVersion(line: String) {
        #expect(ServerBinaries.parse(version: line) == nil)
    }

    @Test(
        "tells exit codes from signals",
        arguments: [(0 as Int32, ProcessEnd.exited(0)), (256, .exited(1)), (9, .signalled(9)), (139, .signalled(11))])
    func processEnd(status: Int32, end: ProcessEnd) {
        #expect(ProcessEnd(status: status) == end)
    }
}

@Suite("Paths and settings")
struct ClusterSettingsTests {
    @Test(
        "gives an eighth of the memory to PostgreSQL's cache, within limits",
        arguments: [(64, "16MB"), (2048, "256MB"), (262_144, "8192MB")])
    func sharedBuffers(mebibytes: Int, expected: String) {
        let settings = ClusterSettings.memorySettings(mebibytes)
        #expect(settings.first { $0.0 == "shared_buffers" }?.1 == expected)
    }

    @Test("keeps durability on the command line, where no file overrides it")
    func durability() {
        let options = PrivateClusterOptions(dataDirectory: "/x", environment: [:])
        let line = ClusterSettings.commandLine(options, socketDirectory: "/run/x")
        for setting in ["fsync=on", "full_page_writes=on", "synchronous_commit=on", "listen_addresses=", "unix_socket_directories=/run/x"] {
            #expect(line.contains(setting))
        }
    }

    @Test("quotes the log folder as configuration files want it")
    func quoting() {
        let options = PrivateClusterOptions(dataDirectory: "/x", environment: [:])
        #expect(ClusterSettings.file(options, logDirectory: "/it's/log").contains("log_directory = '/it''s/log'\n"))
    }

    @Test(
        "puts data where the user can keep them",
        arguments: [
            ([:], true, "/var/lib/tessera"), (["HOME": "/root"], true, "/var/lib/tessera"),
            (["HOME": "/home/a"], false, "/home/a/.local/share/tessera"),
            (["HOME": "/home/a", "XDG_DATA_HOME": "/data"], false, "/data/tessera"),
            (["HOME": "/home/a", "XDG_DATA_HOME": "relative"], false, "/home/a/.local/share/tessera"), ([:], false, nil),
        ] as [([String: String], Bool, String?)])
    func dataDirectory(environment: [String: String], isRoot: Bool, expected: String?) {
        #expect(PrivateCluster.defaultDataDirectory(environment: environment, isRoot: isRoot) == expected)
    }

    @Test("writes the socket folder into the URL so that libpq reads it back")
    func url() {
        #expect(
            PrivateCluster.connectionURL(socketDirectory: "/tmp/a b%&=ü")
                == "postgresql:///tessera?host=%2Ftmp%2Fa%20b%25%26%3D%C3%BC&port=5432&user=tessera")
    }

    @Test("gives each data folder a socket folder of its own, always the same")
    func hash() {
        #expect(SocketFolder.hash("/var/lib/tessera/postgres") == SocketFolder.hash("/var/lib/tessera/postgres"))
        #expect(SocketFolder.hash("/var/lib/tessera/postgres") != SocketFolder.hash("/var/lib/tessera/postgres2"))
        #expect(SocketFolder.hash("") == "cbf29ce484222325")
    }

    @Test("counts the bytes of a socket's path", arguments: [(93, true), (94, false)])
    func fits(folderBytes: Int, fits: Bool) {
        #expect(SocketFolder.fits("/" + String(repeating: "x", count: folderBytes - 1)) == fits)
    }

    @Test(
        "reads the machine's memory",
        arguments: [("MemTotal:       16384000 kB\nMemFree: 1 kB\n", 16000 as Int?), ("MemFree: 1 kB\n", nil)])
    func memory(text: String, expected: Int?) {
        #expect(MachineMemory.total(meminfo: text) == expected)
    }
}

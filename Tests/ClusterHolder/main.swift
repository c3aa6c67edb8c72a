import Glibc
import Logging
import PrivateCluster

// Starts a private cluster and holds it until it is killed or its standard input ends. For tests of what a killed Tessera leaves behind.
//
//     ClusterHolder DATA SOCKETROOT [command]     prints "ready PID URL" or "failed MESSAGE"

let arguments = CommandLine.arguments
guard arguments.count == 3 || arguments.dropFirst(3) == ["command"] else {
    print("failed usage: ClusterHolder DATA SOCKETROOT [command]")
    exit(64)
}
var options = PrivateClusterOptions(dataDirectory: arguments[1])
options.socketRoot = arguments[2]
options.durable = false
options.memory = .mebibytes(128)
options.maxConnections = 20

do {
    let logger = Logger(label: "holder") { _ in SwiftLogNoOpLogHandler() }
    let joined = arguments.count > 3 ? try await PrivateCluster.join(options, logger: logger) { _, _ in }.cluster : nil
    let cluster = if let joined { joined } else { try await PrivateCluster.own(options, logger: logger) { _, _ in } }
    let pid = await cluster.postmasterPID ?? 0
    print("ready \(pid) \(cluster.connectionURL)")
    fflush(nil)
    while readLine() != nil {}
    await cluster.stop()
    print("stopped")
} catch {
    print("failed \(error)")
    exit(1)
}

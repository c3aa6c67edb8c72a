import ArgumentParser
import Events
import Files
import Glibc
import NIOCore
import Postgres
import Principals
import PrivateCluster
import Records
import SchemaPlan
import Server
import Transfer

extension Failure {
    /// What the parts below throw, as a command ends with it: an exit code, and what the person at the terminal can do.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as PostgresError: self.init(postgres: error)
        case let error as PrivateClusterError: self.init(.unreachable, error.message, remedy: Self.remedy(of: error))
        case let error as TokenError: self.init(error.code == .notFound ? .wrongInput : .unreachable, error.message)
        case let error as PrincipalsError: self.init(error.code == .unavailable ? .unreachable : .wrongInput, error.message)
        case let error as RecordsError: self.init(Self.code(of: error.code), error.message)
        case let error as SchemaError: self.init(Self.code(of: error), error.details)
        case let error as FilesError: self.init(error.code == .storeFailed ? .unreachable : .wrongInput, error.message)
        case let error as EventsError: self.init(.wrongInput, error.message)
        case let error as XLSXError: self.init(.wrongInput, error.description)
        case let error as ImportError: self.init(.wrongInput, error.message)
        default: self.init(.fault, "\(error)")
        }
    }

    private init(postgres error: PostgresError) {
        switch error.code {
        case .configuration: self.init(.wrongInput, "TESSERA_DATABASE_URL can't be used: \(error.message)")
        case .server where error.sqlState?.hasPrefix("57P") == true: self.init(.unreachable, Self.goneAway)
        case .server where error.isReadOnly:
            self.init(
                .unreachable, "the database takes no writes: it is a standby, or set to read only",
                remedy: "Name the primary in TESSERA_DATABASE_URL (`target_session_attrs=read-write` finds it among several hosts), or end "
                    + "default_transaction_read_only.")
        case .server: self.init(.fault, "\(error)")
        case .connectionLost, .closed: self.init(.unreachable, Self.goneAway)
        case .connection, .timeout, .poolExhausted, .unsupportedServer:
            self.init(.unreachable, error.message, remedy: Self.remedyOfConnection)
        default: self.init(.fault, "\(error)")
        }
    }

    private static let goneAway =
        "the database went away; what was not confirmed may or may not be stored. Bring it back and repeat the command."

    /// Stored values and what others made in the database can be in the way of a statement; everything else that is refused is a fault of ours.
    private static func code(of error: SchemaError) -> ExitCode {
        guard error.code == .statementFailed else { return .wrongInput }
        let state = (error.cause as? PostgresError)?.sqlState ?? ""
        return ["22", "23", "0A", "2B"].contains(String(state.prefix(2))) ? .wrongInput : .fault
    }

    /// Which database it is says what there is to correct.
    private static var remedyOfConnection: String {
        Database.namedURL == nil
            ? "It is the private PostgreSQL of the data folder: its log, in the folder's postgres/log, says more. Repeat the command."
            : "Start it, or correct TESSERA_DATABASE_URL."
    }

    private static func code(of code: RecordsError.Code) -> ExitCode {
        switch code {
        case .unavailable: .unreachable
        case .moduleFailed, .internalFault: .fault
        default: .wrongInput
        }
    }

    /// Where the folder is what is wrong, another one would do.
    private static func remedy(of error: PrivateClusterError) -> String? {
        switch error.code {
        case .systemCall, .folderForeign, .folderUnreachable: "Name another data folder with --data, or a database in TESSERA_DATABASE_URL."
        default: nil
        }
    }
}

extension Failure {
    /// Why a server can't listen; nil for every other error.
    init?(listening address: String, _ error: any Error) {
        let reason: String
        switch error {
        case let error as IOError where [EADDRINUSE, EACCES, EADDRNOTAVAIL].contains(error.errnoCode):
            reason = String(cString: strerror(error.errnoCode))
        case is SocketAddressError, is SocketAddressError.UnknownHost: reason = "no such host"
        default: return nil
        }
        self.init(.wrongInput, "can't listen on \(address): \(reason). Stop what listens there, or name another address with --listen.")
    }
}

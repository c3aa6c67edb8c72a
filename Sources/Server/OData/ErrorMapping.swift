import Events
import Files
import Logging
import NIOHTTP1
import Postgres
import Principals
import QueryLanguage
import Records
import Transfer

extension APIError {
    /// What the API says about any error: its code, a status, and nothing about the inside of the server.
    init(_ error: any Error) {
        if let fault = HTTPFault(parsing: error) {
            self = fault.apiError
            return
        }
        switch error {
        case let error as APIError: self = error
        case let error as RecordsError: self.init(records: error)
        case let error as QueryError: self.init(query: error, target: nil)
        case let error as TokenError:
            self.init(error.code == .unavailable ? .serviceUnavailable : .internalServerError, error.code.description, error.message)
        case let error as PrincipalsError: self.init(principals: error)
        case let error as PostgresError: self.init(postgres: error)
        case let error as FilesError: self.init(files: error)
        case let error as EventsError:
            let status: HTTPResponseStatus =
                switch error.code {
                case .gone: .gone
                case .tooManyListeners: .tooManyRequests
                case .noSubscription, .notAside: .notFound
                case .notPossible: .conflict
                default: .badRequest
                }
            self.init(status, error.code.description, error.message)
        case let error as XLSXError: self.init(.badRequest, "export.workbook", "As a workbook: \(error.description).")
        case let error as ImportError: self.init(error, target: nil)
        default:
            self.init(
                .internalServerError, "server.internal",
                "The server failed at this. Its log says more; nothing was changed by this request.")
        }
    }

    /// Of several faults each is a detail.
    init(_ error: ImportError, target: String?) {
        let message = error.parts.isEmpty ? error.message : "The mapping has \(error.parts.count) mistakes; details says which."
        self.init(.badRequest, error.code.description, message, target: target)
        details = error.parts.map { Detail(code: $0.code.description, message: $0.message, target: target) }
    }

    private init(records error: RecordsError) {
        self.init(Self.status(of: error.code), error.code.description, error.message, target: error.target)
        if error.code == .preconditionRequired, error.target == nil { target = "If-Match" }
        details = error.details.map { Detail(code: $0.code, message: $0.message, target: $0.target) }
        if let version = error.currentVersion {
            innerError.append(InnerField(name: "currentVersion", value: Int(version)))
            headers.append(Header(name: "etag", value: EntityTag(version).text))
        }
        if error.code == .unavailable || error.code == .keyInProgress { headers.append(Header(name: "retry-after", value: "1")) }
    }

    static func status(of code: RecordsError.Code) -> HTTPResponseStatus {
        switch code {
        case .notFound: .notFound
        case .versionConflict: .preconditionFailed
        case .preconditionRequired: .preconditionRequired
        case .notUnique, .stillReferenced, .keyInProgress: .conflict
        case .keyOfOtherRequest: .unprocessableEntity
        case .forbidden: .forbidden
        case .notSupported: .notImplemented
        case .syncExpired: .gone
        case .unavailable: .serviceUnavailable
        case .moduleFailed, .internalFault: .internalServerError
        case .invalid, .linkTargetMissing, .unknownProperty, .badCursor: .badRequest
        // Codes of single values, such as `records.wrong_type`.
        default: .badRequest
        }
    }

    /// `target` is the query option, such as `$filter`, where the error's column counts from.
    init(query error: QueryError, target: String?) {
        let status: HTTPResponseStatus = error.code == .notSupported ? .notImplemented : .badRequest
        let place = error.column > 0 ? " (column \(error.column))" : ""
        self.init(status, error.code.description, error.fullMessage + place, target: target)
        if error.column > 0 { innerError.append(InnerField(name: "column", value: error.column)) }
    }

    private init(principals error: PrincipalsError) {
        let status: HTTPResponseStatus =
            switch error.code {
            case .notFound: .notFound
            case .forbidden: .forbidden
            case .notUnique, .lastAdministrator, .roleInUse: .conflict
            case .unavailable: .serviceUnavailable
            default: .badRequest
            }
        self.init(status, error.code.description, error.message, target: error.target)
        if error.code == .unavailable { headers.append(Header(name: "retry-after", value: "1")) }
    }

    private init(files error: FilesError) {
        switch error.code {
        case .tooLarge: self.init(.payloadTooLarge, error.code.description, error.message)
        case .notFound: self.init(.notFound, error.code.description, error.message)
        case .contentMissing: self.init(.internalServerError, error.code.description, "The content of this file is missing in the store.")
        default:
            // What the system said names paths and hosts, which are the operator's.
            self.init(
                .serviceUnavailable, error.code.description, "The file store can't be used just now; the server's log says why. Try again.")
        }
    }

    private init(postgres error: PostgresError) {
        switch error.code {
        case .connection, .connectionLost, .poolExhausted, .closed, .timeout, .busy:
            self.init(.serviceUnavailable, "records.unavailable", "The database can't be reached just now. Try again in a moment.")
            headers.append(Header(name: "retry-after", value: "1"))
        case .server where error.isReadOnly:
            self.init(.serviceUnavailable, "records.unavailable", PostgresError.takesNoWrites)
            headers.append(Header(name: "retry-after", value: "1"))
        default:
            self.init(.internalServerError, "server.internal", "The server failed at this. Its log says more.")
        }
    }

    static func notFound(_ message: String) -> APIError { APIError(.notFound, "odata.not_found", message) }

    static func methodNotAllowed(_ allowed: String) -> APIError {
        APIError(.methodNotAllowed, "http.method_not_allowed", "This resource takes \(allowed).").with(header: "allow", allowed)
    }

    static func notSupported(_ message: String, target: String? = nil) -> APIError {
        APIError(.notImplemented, "odata.not_supported", message, target: target)
    }

    /// What only those may use who may do everything.
    static func administratorsOnly(_ what: String) -> APIError {
        APIError(.forbidden, "access.administrators_only", "\(what) can be used by administrators only.")
    }

    /// What those can't use yet whose rights are limited: it is refused before it could show them too much.
    static func notYetFor(_ what: String) -> APIError {
        APIError(.forbidden, "access.not_supported", "\(what) is not supported yet for principals whose roles don't allow everything.")
    }

    static let unauthorized = APIError(
        .unauthorized, "auth.token_required",
        "Send a token: Authorization: Bearer tsr_…. The administrator's was printed at the first start."
    ).with(header: "www-authenticate", "Bearer realm=\"tessera\"")

    static let wrongToken = APIError(
        .unauthorized, "auth.token_refused", "This token opens nothing: it is mistyped, revoked or has ended."
    ).with(header: "www-authenticate", "Bearer realm=\"tessera\", error=\"invalid_token\"")
}

import Catalog
import Postgres

/// What the database's errors mean to whoever reads.
enum ReadFailure {
    static func translating<R>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError {
            throw translate(error)
        }
    }

    static func translate(_ error: PostgresError) -> any Error {
        switch error.code {
        case .cancelled: return CancellationError()
        case .encode: return evaluation
        default: break
        }
        guard let state = error.sqlState else {
            let problem = error.code == .poolExhausted ? "All connections to the database are in use" : "The database can't be reached"
            return RecordsError(.unavailable, "\(problem); try again.", cause: error)
        }
        if state == DatabaseSignal.severalCurrencies { return RecordsError(.mixedCurrencies, error.message) }
        if error.isReadOnly { return RecordsError(.unavailable, PostgresError.takesNoWrites, cause: error) }
        switch state.prefix(2) {
        case "22": return evaluation
        case "08", "40", "53", "57": return RecordsError(.unavailable, "The database refused for now (SQLSTATE \(state)); try again.")
        default: return RecordsError(.internalFault, "The database refused a statement of the store.", cause: error)
        }
    }

    /// Class 22 of SQLSTATE: numbers out of range, dates out of the calendar, text that cannot be.
    private static let evaluation = RecordsError(
        .evaluation, "The query computes something that cannot be represented, such as a number beyond 64 bits: narrow its operands.")
}

extension RecordsError.Code {
    package static let mixedCurrencies = RecordsError.Code(description: "query.mixed_currencies")
    package static let evaluation = RecordsError.Code(description: "query.evaluation")
}

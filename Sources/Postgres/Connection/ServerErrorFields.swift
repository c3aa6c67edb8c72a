import CLibPQ

extension PostgresError {
    /// What the server said in a failed result.
    init(failedResult result: OpaquePointer, statement: String?, code: Code = .server) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        var fields = ServerFields()
        fields.severity = field("V") ?? field("S") ?? ""
        fields.detail = field("D")
        fields.hint = field("H")
        fields.context = field("W")
        fields.schema = field("s")
        fields.table = field("t")
        fields.column = field("c")
        fields.dataType = field("d")
        fields.constraint = field("n")
        fields.position = field("P").flatMap { Int($0) }
        fields.routine = field("R")
        fields.statement = statement
        let message = field("M") ?? PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
        self.init(code, message, sqlState: field("C"), server: fields)
    }

    /// The same, as the reason for which a connection ended.
    func asLoss() -> PostgresError {
        PostgresError(
            .connectionLost, "The connection ended while the statement was under way: \(message)", sqlState: sqlState, server: server)
    }

    /// The plan of a prepared statement no longer fits. Raised before the statement does anything.
    var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && server?.routine == "RevalidateCachedQuery")
    }
}

/// Reads what is needed from PostgreSQL's plans.
enum PlanText {
    /// The planner's estimate for the whole statement, from `EXPLAIN (FORMAT JSON)`: the first `"Plan Rows"` is the top node's.
    static func estimatedRows(_ json: String) -> Int? {
        let marker = Array("\"Plan Rows\":".utf8)
        let bytes = Array(json.utf8)
        guard bytes.count > marker.count else { return nil }
        guard let start = (0...(bytes.count - marker.count)).first(where: { bytes[$0...].starts(with: marker) }) else { return nil }
        let digits = bytes[(start + marker.count)...].drop { $0 == UInt8(ascii: " ") }.prefix { (48...57).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

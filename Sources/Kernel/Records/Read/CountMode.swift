/// How much a count may cost.
package enum CountMode: Sendable, Hashable {
    case none
    /// Counts every matching record.
    case exact
    /// Exact while the planner expects at most `ReadLimits.exactCount` records; its estimate above.
    case estimated
}

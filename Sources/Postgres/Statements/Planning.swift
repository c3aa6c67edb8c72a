/// How often PostgreSQL plans a statement.
package enum Planning: Sendable, Hashable {
    /// As it sees fit: with the values for the first five runs on a connection, from then on without them if that looks no worse.
    case byServer
    /// With its values every time, for statements whose way to the rows depends on the values.
    case eachTime
    /// Once on each connection, without values, for statements that have one good way to the rows and take longer to plan than to run. What
    /// PostgreSQL expects of a plan with values always looks better to it for ranges, so that it would plan such statements again each time.
    ///
    /// Holds outside of transactions, for statements that have a connection to themselves; elsewhere it is `byServer`.
    case once
}

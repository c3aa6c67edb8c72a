import QueryLanguage
import Testing

@Suite("Query options")
struct QueryOptionsTests {
    @Test(
        "parses query strings and prints them in canonical form",
        arguments: [
            (
                "filter=startswith(name,'Sm')%20and+address%2Fcity%20eq%20%27Oslo%27",
                "$filter=startswith(name,'Sm') and address/city eq 'Oslo'"
            ),
            ("$orderby=a desc, b asc,c&top=5&$skip=10&COUNT=true", "$orderby=a desc,b,c&$count=true&$top=5&$skip=10"),
            (
                "$select=a,b/c,*,Ns.*,Ns.Act,Fn(x,y),addr(select=city;top=2)",
                "$select=a,b/c,*,Ns.*,Ns.Act,Fn(x,y),addr($select=city;$top=2)"
            ),
            (
                "expand=a,b(filter=x eq 1;orderby=y desc;expand=c($levels=max)),*,*/$ref",
                "$expand=a,b($filter=x eq 1;$orderby=y desc;$expand=c($levels=max)),*,*/$ref"
            ),
            ("$expand=a/$ref($top=2),b/$count($filter=x),c/Ns.T/d,$value", "$expand=a/$ref($top=2),b/$count($filter=x),c/Ns.T/d,$value"),
            ("compute=a mul 2 as b,day(c) as d", "$compute=a mul 2 as b,day(c) as d"),
            ("$search=blue AND (green OR \"dark red\") NOT x", "$search=(blue AND (green OR \"dark red\")) AND NOT x"),
            ("$search=NOT NOT", "$search=NOT NOT"),
            ("$search=(212)555-0187 (b) 0(20)7946", "$search=((212)555-0187 AND b) AND 0(20)7946"),
            ("$search=(2020) (2021)", "$search=2020 AND 2021"),
            ("$search=AND OR", "$search=AND AND OR"),
            ("$search=a%3Bb", "$search=a;b"),
            ("$apply=groupby((a,b),aggregate($count as n))", "$apply=groupby((a,b),aggregate($count as n))"),
            (
                "apply=Filter(a gt 1)/GroupBy( (a, b/c) , Aggregate( $count as n , x mul 2 with SUM as s, y with max from z with sum as m ) )/identity",
                "$apply=filter(a gt 1)/groupby((a,b/c),aggregate($count as n,x mul 2 with SUM as s,y with max from z with sum as m))/identity"
            ),
            (
                "$apply=compute(a add @x as b)/aggregate(b with average as avg)&@x=2",
                "$apply=compute(a add 2 as b)/aggregate(b with average as avg)"
            ),
            (
                "$apply=groupby((rollup(a,b),c))/concat(identity,aggregate(Sales))",
                "$apply=groupby((rollup(a,b),c))/concat(identity,aggregate(Sales))"
            ),
            ("$apply=aggregate(Sales,x with my.Method as y)/my.Step(a=1)", "$apply=aggregate(Sales,x with my.Method as y)/my.Step(a=1)"),
            ("$format=JSON", "$format=json"), ("$format=text/html", "$format=text/html"),
            ("$index=-2&$skiptoken=a%26b&$deltatoken=x&schemaversion=*", "$index=-2&$skiptoken=a&b&$deltatoken=x&$schemaversion=*"),
            ("$filter=contains(title,@w)&@w='Black'", "$filter=contains(title,'Black')"),
            ("@a=@b/c&$filter=@a/d eq @n&@b=x/y&@n=1 add 2", "$filter=x/y/c/d eq 1 add 2"),
            ("$filter=a in @list&@list=[\"x\",\"y\"]", "$filter=a in [\"x\",\"y\"]"),
            ("$expand=Items($filter=a eq @c;@c=15)&@c=3", "$expand=Items($filter=a eq 15)"),
        ])
    func canonicalForm(query: String, canonical: String) throws {
        #expect(try QueryOptions.parse(urlQuery: query).text == canonical)
    }

    @Test("keeps custom options, decoded and in order")
    func custom() throws {
        let options = try QueryOptions.parse(urlQuery: "lang=de&$top=1&!x&q=a%20%26+b&lang=en&levels=3")
        #expect(
            options.custom == [
                .init(name: "lang", value: "de"), .init(name: "!x", value: nil), .init(name: "q", value: "a & b"),
                .init(name: "lang", value: "en"),
                .init(name: "levels", value: "3"),
            ])
    }

    @Test(
        "refuses wrong options at the column that was typed",
        arguments: [
            ("$fliter=a", 1, "Did you mean '$filter'?"),
            ("top=5&$top=6", 12, "given twice"),
            ("$top=x", 6, "Expected a number from 0 for 'top'"),
            ("$top=-1", 6, "Expected a number from 0"),
            ("$top=99999999999999999999", 6, "64 bits"),
            ("$count=yes", 8, "true or false"),
            ("$filter", 8, "Expected '=' and a value"),
            ("a=1&$filter=%20a", 13, "found a blank"),
            ("a=1&$filter=name%20eq%20x%20%20yy", 32, "Expected an operator"),
            ("$filter=a%2", 10, "two hexadecimal digits"),
            ("$filter=a eq 'x%FF'", 16, "not valid UTF-8"),
            ("$filter=a eq 'x%00'", 16, "no NUL character; remove %00"),
            ("$expand=a/$ref($select=b)", 16, "can't be an option of $ref"),
            ("$filter=a/$count(@b=c) eq 1", 18, "can't be given among the options of $count"),
            ("$expand=a/$ref(@b=c)", 16, "can't be given among the options of $ref"),
            ("$expand=a(fliter=b)", 11, "Did you mean 'filter'?"),
            ("$expand=a($top=1;$top=2)", 18, "given twice"),
            ("$expand=a($levels=0)", 19, "a number from 1, or max"),
            ("$levels=2", 1, "can only be an option in the parentheses of $expand"),
            ("$search=a;b", 10, "found ';'"),
            ("$search=\"a", 9, "no closing quote"),
            ("$format=yaml", 9, "Expected json, xml, csv"),
            ("@a=@b&@b=@a&$filter=@a", 10, "defined by itself"),
            ("@a=1&@a=2", 9, "given twice"),
            ("$filter=@a/b eq 1&@a=2", 9, "Only an alias that is a path"),
            ("=1", 1, "Expected the name of a query option"),
            ("$apply=", 8, "a transformation such as groupby or aggregate"),
            ("$apply=group((a))", 8, "Did you mean 'groupby'?"),
            ("$apply=groupby(a)", 16, "Expected '(' and the keys"),
            ("$apply=groupby((a),)", 20, "a transformation such as"),
            ("$apply=groupby(('a'))", 17, "the path of a property"),
            ("$apply=aggregate(a with )", 25, "a method such as sum"),
            ("$apply=aggregate($count as 1)", 28, "a name after 'as'"),
            ("$apply=filter(a eq 1", 21, "Expected ')'"),
            ("$apply=identity x", 17, "Expected an operator such as"),
            ("$compute=a", 11, "Expected ' as ' and a name"),
        ])
    func refusal(query: String, column: Int, message: String) {
        let error = #expect(throws: QueryError.self) { try QueryOptions.parse(urlQuery: query) }
        #expect(error?.column == column, "\(error?.fullMessage ?? "")")
        #expect(error?.fullMessage.contains(message) == true, "\(error?.fullMessage ?? "")")
    }
}

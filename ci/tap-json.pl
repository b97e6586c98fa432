#!/usr/bin/perl
# ci/tap-json.pl FILE: a TAP report as Test::Harness reads it, as JSON. Exit code 1: it is no TAP 13.
use strict;
use warnings;
use JSON::PP;
use TAP::Parser;

my $parser = TAP::Parser->new({source => $ARGV[0]});
my @tests;
while (my $line = $parser->next) {
    if ($line->is_test) {
        push @tests, {
            ok => $line->raw =~ /^not/ ? JSON::PP::false : JSON::PP::true,
            description => $line->description,
            directive => $line->directive,
            explanation => $line->explanation,
            yaml => undef,
        };
    } elsif ($line->is_yaml) {
        $tests[-1]{yaml} = $line->data;
    } elsif ($line->is_unknown) {
        die "no TAP: " . $line->raw . "\n";
    }
}
die join("\n", $parser->parse_errors) . "\n" if $parser->parse_errors;
die "not TAP 13\n" unless $parser->version == 13;
print JSON::PP->new->encode(\@tests);

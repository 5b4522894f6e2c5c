use strict; use warnings;
use Data::Dumper; use MIME::Base64; use Encode qw(decode);
my $v = $ENV{V};
my %forms = ("print" => $v);
{ local $Data::Dumper::Terse = 1; local $Data::Dumper::Indent = 0; $forms{"Data::Dumper"} = Dumper($v); }
{ local $Data::Dumper::Terse = 1; local $Data::Dumper::Indent = 0; local $Data::Dumper::Useqq = 1;
  $forms{"Data::Dumper Useqq"} = Dumper($v); $forms{"Data::Dumper Useqq of characters"} = Dumper(decode("UTF-8", $v)); }
$forms{"MIME::Base64"} = encode_base64($v);
$forms{"unpack H*"} = unpack("H*", $v);
$forms{"quotemeta"} = join("", map { /[^A-Za-z0-9_\n\x80-\xff]/ ? "\\$_" : $_ } split(//, $v));
binmode STDOUT;
print "\x1e$_\x1f$forms{$_}" for sort keys %forms;

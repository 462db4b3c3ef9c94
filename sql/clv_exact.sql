-- sql/clv_exact.sql
-- The CLV functions against values in arbitrary precision: a fifth of those of unit/clv_exact.h, through SQL.
-- The rows are printed by tools/clv_oracle.py; times are in days. Relative errors stay below 1e-9.

SET search_path = public, crm_member;

CREATE TEMP TABLE model (id integer, kind text, params float8[]);
INSERT INTO model VALUES
  (0, 'bg/nbd', '{0.243,4.414,0.793,2.426}'),
  (1, 'bg/nbd', '{0.5,10.0,1.0,2.0}'),
  (2, 'bg/nbd', '{0.5,10.0,0.25,0.75}'),
  (3, 'bg/nbd', '{2.0,0.03125,3.0,0.5}'),
  (4, 'bg/nbd', '{1.5,4096.0,0.0009765625,64.0}'),
  (5, 'mbg/nbd', '{0.52484,6.1831,0.89136,1.614}'),
  (6, 'mbg/nbd', '{1.0,8.0,1.0,1.0}'),
  (7, 'mbg/nbd', '{0.5,10.0,0.5,0.5}'),
  (8, 'pareto/nbd', '{0.55328,10.5777,0.60624,11.6687}'),
  (9, 'pareto/nbd', '{0.5,10.0,1.0,12.0}'),
  (10, 'pareto/nbd', '{0.75,8.0,0.5,8.0}'),
  (11, 'pareto/nbd', '{0.75,8.0,1.0,8.0}'),
  (12, 'pareto/nbd', '{2.0,1024.0,1.5,0.125}'),
  (13, 'pareto/nbd', '{0.25,0.125,2.0,2048.0}'),
  (14, 'nbd', '{0.385,12.072}');
CREATE TEMP TABLE exact (model integer, what text, x float8, t_x float8, t float8, argument float8, value float8);
INSERT INTO exact VALUES
  (0, 'p_alive', 0.0, 0.0, 0.0, NULL, 1.0),
  (0, 'p_alive', 0.0, 0.0, 38.75, NULL, 1.0),
  (0, 'p_alive', 1.0, 5.0, 5.0, NULL, 0.753650201926064),
  (0, 'p_alive', 2.0, 30.43, 38.86, NULL, 0.72657857008067291),
  (0, 'p_alive', 7.0, 35.5, 300.0, NULL, 4.3207818796821235e-6),
  (0, 'p_alive', 26.0, 200.0, 205.25, NULL, 0.94674458751708891),
  (0, 'p_alive', 400.0, 2000.0, 2300.5, NULL, 2.6464933778483957e-22),
  (0, 'p_alive', 5000.0, 5100.0, 5200.0, NULL, 4.6563604984558567e-39),
  (0, 'p_alive', 5000.0, 4000.0, 6000.0, NULL, 0.0),
  (0, 'p_alive', 3.0, 0.5, 4000.0, NULL, 2.0231521117200732e-9),
  (0, 'discounted', 0.0, 0.0, 38.75, 1.0e-9, 141.9843607646137),
  (0, 'discounted', 2.0, 30.43, 38.86, 0.0027, 5.1563798261540375),
  (0, 'discounted', 400.0, 2000.0, 2300.5, 10.0, 4.5954173887631035e-24),
  (0, 'next_order', 1.0, 5.0, 5.0, 0.5, 13.193501002934852),
  (0, 'orders_new', 0.0, 0.0, 0.0, 0.001, 5.5050197502677483e-5),
  (0, 'count', 0.0, 0.0, 39.0, 7.0, 0.0086954288041552609),
  (1, 'log_likelihood', 0.0, 0.0, 0.0, NULL, 0.0),
  (1, 'log_likelihood', 0.0, 0.0, 38.75, NULL, -0.79206005222490525),
  (1, 'log_likelihood', 1.0, 5.0, 5.0, NULL, -3.6039299357162376),
  (1, 'log_likelihood', 2.0, 30.43, 38.86, NULL, -9.1232841858300102),
  (1, 'log_likelihood', 7.0, 35.5, 300.0, NULL, -24.103065045399085),
  (1, 'log_likelihood', 26.0, 200.0, 205.25, NULL, -84.716156060308736),
  (1, 'log_likelihood', 400.0, 2000.0, 2300.5, NULL, -1059.3726309437997),
  (1, 'log_likelihood', 5000.0, 5100.0, 5200.0, NULL, -5127.9209175480152),
  (1, 'log_likelihood', 5000.0, 4000.0, 6000.0, NULL, -3915.7588989808904),
  (1, 'log_likelihood', 3.0, 0.5, 4000.0, NULL, -8.75249728347216),
  (1, 'discounted', 0.0, 0.0, 38.75, 0.0027, 1.4543968204971405),
  (1, 'discounted', 2.0, 30.43, 38.86, 10.0, 0.003328169184112015),
  (1, 'discounted', 400.0, 2000.0, 2300.5, 1000000.0, 4.0534030373150371e-29),
  (1, 'next_order', 2.0, 30.43, 38.86, 0.05, 1.5860848853284697),
  (1, 'orders_new', 0.0, 0.0, 0.0, 39.0, 1.1416836427523651),
  (1, 'count', 0.0, 0.0, 0.01, 2.0, 2.4942803897192956e-7),
  (2, 'expected_orders', 0.0, 0.0, 0.0, 0.001, 4.9999062548824914e-5),
  (2, 'expected_orders', 0.0, 0.0, 38.75, 0.001, 1.0256370809099943e-5),
  (2, 'expected_orders', 1.0, 5.0, 5.0, 0.001, 7.4999218775317219e-5),
  (2, 'expected_orders', 2.0, 30.43, 38.86, 0.001, 4.1620239035532807e-5),
  (2, 'expected_orders', 7.0, 35.5, 300.0, 0.001, 3.6722253714000029e-10),
  (2, 'expected_orders', 26.0, 200.0, 205.25, 0.001, 0.00012085517676834518),
  (2, 'expected_orders', 400.0, 2000.0, 2300.5, 0.001, 1.6163070095699727e-25),
  (2, 'expected_orders', 5000.0, 5100.0, 5200.0, 0.001, 1.5662451625172744e-41),
  (2, 'expected_orders', 5000.0, 4000.0, 6000.0, 0.001, 0.0),
  (2, 'expected_orders', 3.0, 0.5, 4000.0, 0.001, 8.8201014371903629e-15),
  (2, 'discounted', 0.0, 0.0, 38.75, 10.0, 0.0010248545861917423),
  (2, 'discounted', 2.0, 30.43, 38.86, 1000000.0, 4.1620363010948415e-8),
  (2, 'next_order', 0.0, 0.0, 0.0, 0.05, 1.0803324099722992),
  (2, 'next_order', 2.0, 30.43, 38.86, 0.5, 22.692673240672029),
  (2, 'orders_new', 0.0, 0.0, 0.0, 5000.0, 58.759450469096773),
  (2, 'count', 0.0, 0.0, 5000.0, 5000.0, 1.6242301385702705e-9),
  (3, 'expected_orders', 0.0, 0.0, 0.0, 39.0, 1.249995479560864),
  (3, 'expected_orders', 0.0, 0.0, 38.75, 39.0, 0.84421074846338762),
  (3, 'expected_orders', 1.0, 5.0, 5.0, 39.0, 0.24496955118891323),
  (3, 'expected_orders', 2.0, 30.43, 38.86, 39.0, 0.25484427639715359),
  (3, 'expected_orders', 7.0, 35.5, 300.0, 39.0, 9.7652105333328412e-9),
  (3, 'expected_orders', 26.0, 200.0, 205.25, 39.0, 3.3224213147385303),
  (3, 'expected_orders', 400.0, 2000.0, 2300.5, 39.0, 3.2270880030132422e-22),
  (3, 'expected_orders', 5000.0, 5100.0, 5200.0, 39.0, 4.0615853018881157e-38),
  (3, 'expected_orders', 5000.0, 4000.0, 6000.0, 39.0, 0.0),
  (3, 'expected_orders', 3.0, 0.5, 4000.0, 39.0, 1.6562893031941859e-21),
  (3, 'discounted', 0.0, 0.0, 38.75, 1000000.0, 5.1571310037403727e-8),
  (3, 'discounted', 400.0, 2000.0, 2300.5, 1.0e-9, 9.7724956104534489e-21),
  (3, 'next_order', 0.0, 0.0, 0.0, 0.5, 0.01294417382415922),
  (3, 'next_order', 26.0, 200.0, 205.25, 0.05, 0.47096857809379918),
  (3, 'count', 0.0, 0.0, 39.0, 0.0, 6.4102523011203198e-7),
  (3, 'count', 0.0, 0.0, 520.0, 250.0, 1.4171910701257241e-9),
  (4, 'expected_orders', 0.0, 0.0, 0.0, 5000.0, 1.8310129537997802),
  (4, 'expected_orders', 0.0, 0.0, 38.75, 5000.0, 1.8138534682729174),
  (4, 'expected_orders', 1.0, 5.0, 5.0, 5000.0, 3.0478954345283335),
  (4, 'expected_orders', 2.0, 30.43, 38.86, 5000.0, 4.232078665896435),
  (4, 'expected_orders', 7.0, 35.5, 300.0, 5000.0, 9.6669694954366404),
  (4, 'expected_orders', 26.0, 200.0, 205.25, 5000.0, 31.961952066814684),
  (4, 'expected_orders', 400.0, 2000.0, 2300.5, 5000.0, 0.60438406279975831),
  (4, 'expected_orders', 5000.0, 5100.0, 5200.0, 5000.0, 4.4830884865656954e-14),
  (4, 'expected_orders', 5000.0, 4000.0, 6000.0, 5000.0, 0.0),
  (4, 'expected_orders', 3.0, 0.5, 4000.0, 5000.0, 2.7782010986646554),
  (4, 'discounted', 2.0, 30.43, 38.86, 1.0e-9, 839020.97560149947),
  (4, 'discounted', 400.0, 2000.0, 2300.5, 0.0027, 0.044779382381074775),
  (4, 'next_order', 1.0, 5.0, 5.0, 0.05, 85.011977749328578),
  (4, 'next_order', 26.0, 200.0, 205.25, 0.5, 109.79420577350419),
  (4, 'count', 0.0, 0.0, 39.0, 1.0, 0.013947844030626488),
  (5, 'p_alive', 0.0, 0.0, 0.0, NULL, 0.64421879490372641),
  (5, 'p_alive', 0.0, 0.0, 38.75, NULL, 0.3900215698989756),
  (5, 'p_alive', 1.0, 5.0, 5.0, NULL, 0.74571513339571399),
  (5, 'p_alive', 2.0, 30.43, 38.86, NULL, 0.70612559230033383),
  (5, 'p_alive', 7.0, 35.5, 300.0, NULL, 2.9408944695716864e-6),
  (5, 'p_alive', 26.0, 200.0, 205.25, NULL, 0.94083226406592734),
  (5, 'p_alive', 400.0, 2000.0, 2300.5, NULL, 2.3713454491981494e-22),
  (5, 'p_alive', 5000.0, 5100.0, 5200.0, NULL, 4.2595668893059024e-39),
  (5, 'p_alive', 5000.0, 4000.0, 6000.0, NULL, 0.0),
  (5, 'p_alive', 3.0, 0.5, 4000.0, NULL, 8.3731745707631997e-10),
  (5, 'discounted', 0.0, 0.0, 38.75, 1.0e-9, 32.483997353804961),
  (5, 'discounted', 2.0, 30.43, 38.86, 0.0027, 4.9107479000587888),
  (5, 'discounted', 400.0, 2000.0, 2300.5, 10.0, 4.1173676512770469e-24),
  (5, 'next_order', 1.0, 5.0, 5.0, 0.5, 11.977694283288116),
  (5, 'orders_new', 0.0, 0.0, 0.0, 0.001, 5.468150141285052e-5),
  (5, 'count', 0.0, 0.0, 39.0, 7.0, 0.0092337408962983597),
  (6, 'log_likelihood', 0.0, 0.0, 0.0, NULL, 0.0),
  (6, 'log_likelihood', 0.0, 0.0, 38.75, NULL, -0.53518406759803111),
  (6, 'log_likelihood', 1.0, 5.0, 5.0, NULL, -3.7436043538031829),
  (6, 'log_likelihood', 2.0, 30.43, 38.86, NULL, -9.6824924619936011),
  (6, 'log_likelihood', 7.0, 35.5, 300.0, NULL, -23.854149454548788),
  (6, 'log_likelihood', 26.0, 200.0, 205.25, NULL, -84.707536622119755),
  (6, 'log_likelihood', 400.0, 2000.0, 2300.5, NULL, -1058.9729607964639),
  (6, 'log_likelihood', 5000.0, 5100.0, 5200.0, NULL, -5125.166684843712),
  (6, 'log_likelihood', 5000.0, 4000.0, 6000.0, NULL, -3912.3462973306784),
  (6, 'log_likelihood', 3.0, 0.5, 4000.0, NULL, -7.6847959165502689),
  (6, 'discounted', 0.0, 0.0, 38.75, 0.0027, 0.35847442091314448),
  (6, 'discounted', 2.0, 30.43, 38.86, 10.0, 0.003983691662580394),
  (6, 'discounted', 400.0, 2000.0, 2300.5, 1000000.0, 3.5968682481827411e-29),
  (6, 'next_order', 2.0, 30.43, 38.86, 0.05, 1.3244695831145756),
  (6, 'orders_new', 0.0, 0.0, 0.0, 39.0, 1.1339278159338581),
  (6, 'count', 0.0, 0.0, 0.01, 2.0, 5.1904723258015756e-7),
  (7, 'expected_orders', 0.0, 0.0, 0.0, 0.001, 2.4999531269530182e-5),
  (7, 'expected_orders', 0.0, 0.0, 38.75, 0.001, 3.1971826519709117e-6),
  (7, 'expected_orders', 1.0, 5.0, 5.0, 0.001, 7.4998958363714139e-5),
  (7, 'expected_orders', 2.0, 30.43, 38.86, 0.001, 3.8729822617224938e-5),
  (7, 'expected_orders', 7.0, 35.5, 300.0, 0.001, 2.0401382893283477e-10),
  (7, 'expected_orders', 26.0, 200.0, 205.25, 0.001, 0.0001188000770789584),
  (7, 'expected_orders', 400.0, 2000.0, 2300.5, 0.001, 8.0966969661340138e-26),
  (7, 'expected_orders', 5000.0, 5100.0, 5200.0, 0.001, 7.8324003673342837e-42),
  (7, 'expected_orders', 5000.0, 4000.0, 6000.0, 0.001, 0.0),
  (7, 'expected_orders', 3.0, 0.5, 4000.0, 0.001, 5.6127917261921298e-15),
  (7, 'discounted', 0.0, 0.0, 38.75, 10.0, 0.00031947418460287592),
  (7, 'discounted', 2.0, 30.43, 38.86, 1000000.0, 3.8729995666022056e-8),
  (7, 'next_order', 0.0, 0.0, 0.0, 0.05, 2.345679012345679),
  (7, 'next_order', 2.0, 30.43, 38.86, 0.5, 26.41413695596285),
  (7, 'orders_new', 0.0, 0.0, 0.0, 5000.0, 13.30632268100013),
  (7, 'count', 0.0, 0.0, 5000.0, 5000.0, 1.3664899460703549e-10),
  (8, 'expected_orders', 0.0, 0.0, 0.0, 39.0, 1.213407450397492),
  (8, 'expected_orders', 0.0, 0.0, 38.75, 39.0, 0.10749787947967303),
  (8, 'expected_orders', 1.0, 5.0, 5.0, 39.0, 2.5652772372147849),
  (8, 'expected_orders', 2.0, 30.43, 38.86, 39.0, 1.4550995965132559),
  (8, 'expected_orders', 7.0, 35.5, 300.0, 39.0, 2.199487417387507e-6),
  (8, 'expected_orders', 26.0, 200.0, 205.25, 39.0, 4.4648530415162262),
  (8, 'expected_orders', 400.0, 2000.0, 2300.5, 39.0, 2.4044290345594933e-21),
  (8, 'expected_orders', 5000.0, 5100.0, 5200.0, 39.0, 2.5094095791229183e-37),
  (8, 'expected_orders', 5000.0, 4000.0, 6000.0, 39.0, 0.0),
  (8, 'expected_orders', 3.0, 0.5, 4000.0, 39.0, 6.0734937100102978e-12),
  (8, 'discounted', 0.0, 0.0, 38.75, 1000000.0, 3.3171602582261957e-9),
  (8, 'discounted', 400.0, 2000.0, 2300.5, 1.0e-9, 5.3141086971772684e-17),
  (8, 'next_order', 0.0, 0.0, 0.0, 0.5, -1.0),
  (8, 'next_order', 26.0, 200.0, 205.25, 0.05, 0.42664473720942106),
  (8, 'count', 0.0, 0.0, 39.0, 0.0, 0.59353141704092184),
  (8, 'count', 0.0, 0.0, 520.0, 250.0, 4.3622731731051514e-6),
  (9, 'expected_orders', 0.0, 0.0, 0.0, 5000.0, 3.6208101997367752),
  (9, 'expected_orders', 0.0, 0.0, 38.75, 5000.0, 0.37804189206339114),
  (9, 'expected_orders', 1.0, 5.0, 5.0, 5000.0, 9.6685359367276627),
  (9, 'expected_orders', 2.0, 30.43, 38.86, 5000.0, 9.5284280752353871),
  (9, 'expected_orders', 7.0, 35.5, 300.0, 5000.0, 1.6106371763872404e-5),
  (9, 'expected_orders', 26.0, 200.0, 205.25, 5000.0, 82.141742730117653),
  (9, 'expected_orders', 400.0, 2000.0, 2300.5, 5000.0, 9.4100218308185143e-20),
  (9, 'expected_orders', 5000.0, 5100.0, 5200.0, 5000.0, 1.3473152570925357e-35),
  (9, 'expected_orders', 5000.0, 4000.0, 6000.0, 5000.0, 0.0),
  (9, 'expected_orders', 3.0, 0.5, 4000.0, 5000.0, 4.0881842083926568e-11),
  (9, 'discounted', 2.0, 30.43, 38.86, 1.0e-9, 33.604677530247092),
  (9, 'discounted', 400.0, 2000.0, 2300.5, 0.0027, 1.1462339955182053e-20),
  (9, 'next_order', 1.0, 5.0, 5.0, 0.05, 0.53013493015486546),
  (9, 'next_order', 26.0, 200.0, 205.25, 0.5, 6.1119485164221553),
  (9, 'count', 0.0, 0.0, 39.0, 1.0, 0.14789936298360291),
  (10, 'p_alive', 0.0, 0.0, 0.0, NULL, 1.0),
  (10, 'p_alive', 0.0, 0.0, 38.75, NULL, 0.23616479321462924),
  (10, 'p_alive', 1.0, 5.0, 5.0, NULL, 1.0),
  (10, 'p_alive', 2.0, 30.43, 38.86, NULL, 0.87776776002376926),
  (10, 'p_alive', 7.0, 35.5, 300.0, NULL, 1.6013130746812702e-6),
  (10, 'p_alive', 26.0, 200.0, 205.25, NULL, 0.98247012242668534),
  (10, 'p_alive', 400.0, 2000.0, 2300.5, NULL, 4.0019270006753829e-22),
  (10, 'p_alive', 5000.0, 5100.0, 5200.0, NULL, 7.7472684967168184e-39),
  (10, 'p_alive', 5000.0, 4000.0, 6000.0, NULL, 0.0),
  (10, 'p_alive', 3.0, 0.5, 4000.0, NULL, 3.6898318927981648e-11),
  (10, 'discounted', 0.0, 0.0, 38.75, 1.0e-9, 1451.6255282341025),
  (10, 'discounted', 2.0, 30.43, 38.86, 0.0027, 8.3943031438284338),
  (10, 'discounted', 400.0, 2000.0, 2300.5, 10.0, 6.9470977324518622e-24),
  (10, 'next_order', 1.0, 5.0, 5.0, 0.5, 7.5437752460128796),
  (10, 'orders_new', 0.0, 0.0, 0.0, 0.001, 9.3747070495591165e-5),
  (10, 'count', 0.0, 0.0, 39.0, 7.0, 0.019600535011197648),
  (11, 'log_likelihood', 0.0, 0.0, 0.0, NULL, -7.7787690973264271e-62),
  (11, 'log_likelihood', 0.0, 0.0, 38.75, NULL, -0.52603898034020936),
  (11, 'log_likelihood', 1.0, 5.0, 5.0, NULL, -3.7022701075312941),
  (11, 'log_likelihood', 2.0, 30.43, 38.86, NULL, -10.257913954278775),
  (11, 'log_likelihood', 7.0, 35.5, 300.0, NULL, -23.719511483213523),
  (11, 'log_likelihood', 26.0, 200.0, 205.25, NULL, -84.893780385415444),
  (11, 'log_likelihood', 400.0, 2000.0, 2300.5, NULL, -1058.8238484038392),
  (11, 'log_likelihood', 5000.0, 5100.0, 5200.0, NULL, -5123.8261809466134),
  (11, 'log_likelihood', 5000.0, 4000.0, 6000.0, NULL, -3910.8239067527889),
  (11, 'log_likelihood', 3.0, 0.5, 4000.0, NULL, -6.8009015695512518),
  (11, 'discounted', 0.0, 0.0, 38.75, 0.0027, 0.10586463402880803),
  (11, 'discounted', 2.0, 30.43, 38.86, 10.0, 0.0045243918996833177),
  (11, 'discounted', 400.0, 2000.0, 2300.5, 1000000.0, 3.243699198412183e-29),
  (11, 'next_order', 2.0, 30.43, 38.86, 0.05, 1.1688384872017953),
  (11, 'orders_new', 0.0, 0.0, 0.0, 39.0, 1.328029545022667),
  (11, 'count', 0.0, 0.0, 0.01, 2.0, 1.0210236906528698e-6),
  (12, 'expected_orders', 0.0, 0.0, 0.0, 0.001, 1.9414838320338379e-6),
  (12, 'expected_orders', 0.0, 0.0, 38.75, 0.001, 3.1870325481071049e-10),
  (12, 'expected_orders', 1.0, 5.0, 5.0, 0.001, 2.9150253129092809e-6),
  (12, 'expected_orders', 2.0, 30.43, 38.86, 0.001, 2.5971918037710802e-6),
  (12, 'expected_orders', 7.0, 35.5, 300.0, 0.001, 4.9735484740942039e-8),
  (12, 'expected_orders', 26.0, 200.0, 205.25, 0.001, 2.1857740048467973e-5),
  (12, 'expected_orders', 400.0, 2000.0, 2300.5, 0.001, 5.0443478454473949e-19),
  (12, 'expected_orders', 5000.0, 5100.0, 5200.0, 0.001, 1.4129208999862454e-35),
  (12, 'expected_orders', 5000.0, 4000.0, 6000.0, 0.001, 0.0),
  (12, 'expected_orders', 3.0, 0.5, 4000.0, 0.001, 6.8918806324242084e-16),
  (12, 'discounted', 0.0, 0.0, 38.75, 10.0, 3.1748749447156125e-8),
  (12, 'discounted', 2.0, 30.43, 38.86, 1000000.0, 2.5972416689455502e-9),
  (12, 'next_order', 0.0, 0.0, 0.0, 0.05, -1.0),
  (12, 'next_order', 2.0, 30.43, 38.86, 0.5, -1.0),
  (12, 'orders_new', 0.0, 0.0, 0.0, 5000.0, 0.00048583987426700593),
  (12, 'count', 0.0, 0.0, 5000.0, 5000.0, 0.0),
  (13, 'expected_orders', 0.0, 0.0, 0.0, 39.0, 76.542405366554863),
  (13, 'expected_orders', 0.0, 0.0, 38.75, 39.0, 0.23434477260954905),
  (13, 'expected_orders', 1.0, 5.0, 5.0, 39.0, 9.3348645245534673),
  (13, 'expected_orders', 2.0, 30.43, 38.86, 39.0, 2.1861534093861721),
  (13, 'expected_orders', 7.0, 35.5, 300.0, 39.0, 2.6241751868164559e-5),
  (13, 'expected_orders', 26.0, 200.0, 205.25, 39.0, 4.8674144302916779),
  (13, 'expected_orders', 400.0, 2000.0, 2300.5, 39.0, 1.1035918083344182e-21),
  (13, 'expected_orders', 5000.0, 5100.0, 5200.0, 39.0, 8.6573851140567786e-38),
  (13, 'expected_orders', 5000.0, 4000.0, 6000.0, 39.0, 0.0),
  (13, 'expected_orders', 3.0, 0.5, 4000.0, 39.0, 5.6836541952445337e-12),
  (13, 'discounted', 0.0, 0.0, 38.75, 1000000.0, 6.1211416341483026e-9),
  (13, 'discounted', 400.0, 2000.0, 2300.5, 1.0e-9, 1.2414772480214385e-19),
  (13, 'next_order', 0.0, 0.0, 0.0, 0.5, 1.8785888127082795),
  (13, 'next_order', 26.0, 200.0, 205.25, 0.05, 0.40453560408630678),
  (13, 'count', 0.0, 0.0, 39.0, 0.0, 0.24060451842371087),
  (13, 'count', 0.0, 0.0, 520.0, 250.0, 0.00052079259143000516),
  (14, 'expected_orders', 0.0, 0.0, 0.0, 5000.0, 159.45990722332671),
  (14, 'expected_orders', 0.0, 0.0, 38.75, 5000.0, 37.877297233481563),
  (14, 'expected_orders', 1.0, 5.0, 5.0, 5000.0, 405.63495782567948),
  (14, 'expected_orders', 2.0, 30.43, 38.86, 5000.0, 234.13571035890992),
  (14, 'expected_orders', 7.0, 35.5, 300.0, 5000.0, 118.3220538850009),
  (14, 'expected_orders', 26.0, 200.0, 205.25, 5000.0, 607.04852707043005),
  (14, 'expected_orders', 400.0, 2000.0, 2300.5, 5000.0, 865.67034453413775),
  (14, 'expected_orders', 5000.0, 5100.0, 5200.0, 5000.0, 4796.926251210651),
  (14, 'expected_orders', 5000.0, 4000.0, 6000.0, 5000.0, 4158.6203558440418),
  (14, 'expected_orders', 3.0, 0.5, 4000.0, 5000.0, 4.2185185111333994),
  (14, 'discounted', 2.0, 30.43, 38.86, 1.0e-9, 46827142.071781984),
  (14, 'discounted', 400.0, 2000.0, 2300.5, 0.0027, 64.123729224750944),
  (14, 'next_order', 1.0, 5.0, 5.0, 0.05, 0.64411299464433042),
  (14, 'next_order', 26.0, 200.0, 205.25, 0.5, 5.7848101563790788),
  (14, 'count', 0.0, 0.0, 39.0, 1.0, 0.16872408062357798);

CREATE TEMP TABLE computed AS
SELECT e.*, CASE e.what
    WHEN 'p_alive' THEN p_alive(o.m, x::integer, t_x, t)
    WHEN 'log_likelihood' THEN log_likelihood(o.m, x::integer, t_x, t)
    WHEN 'expected_orders' THEN expected_orders(o.m, x::integer, t_x, t, argument * interval '1 day')
    WHEN 'discounted' THEN discounted_expected_orders(o.m, x::integer, t_x, t, argument)
    WHEN 'next_order' THEN coalesce(next_order_time(o.m, x::integer, t_x, t, argument), -1)
    WHEN 'orders_new' THEN expected_orders_new(o.m, argument * interval '1 day')
    WHEN 'count' THEN order_count_probability(o.m, t, argument::integer) END AS got
FROM exact AS e JOIN model ON model.id = e.model, LATERAL (SELECT clv_model(kind, params, unit => '1 day') AS m) AS o;

SELECT what, count(*) FROM computed GROUP BY what ORDER BY what COLLATE "C";
-- a probability below 1e-290 has no digits left; the logarithm of certainty is 0 but for the last bit
SELECT * FROM computed
WHERE NOT coalesce(abs(got - value) <= 1e-9 * abs(value)
                   OR (abs(value) < 1e-290 AND abs(got) < 1e-290)
                   OR (what = 'log_likelihood' AND abs(value) < 1e-50 AND abs(got) < 1e-15), false);

-- published (Fader, Hardie & Lee 2005, BG/NBD): x = 2, t_x = 30.43, T = 38.86 weeks, 39 weeks ahead: 1.2260
SELECT round(expected_orders(clv_model('bg/nbd', '{0.243, 4.414, 0.793, 2.426}'), 2, 30.43, 38.86, '39 weeks')::numeric, 4) AS orders;
-- the same member by the day: times and alpha times 7
SELECT round(expected_orders(clv_model('bg/nbd', '{0.243, 30.898, 0.793, 2.426}', unit => '1 day'), 2, 213.01, 272.02, '273 days')::numeric, 4) AS orders;

-- spend by hand: p (v + m x) / (p x + q - 1) = 6 (15 + 30 * 2) / (12 + 4 - 1) = 30; the population 6 * 15 / (4 - 1) = 30
SELECT expected_spend(m, 2, 30) AS member, expected_spend(m, 0, NULL) AS population FROM clv_model('nbd', '{1, 1}', '{6, 4, 15}') AS m;
-- q <= 1: no mean of the population; without a spend model nothing
SELECT expected_spend(m, 0, NULL) AS population, expected_spend(m, 1, 10) AS member FROM clv_model('nbd', '{1, 1}', '{6, 1, 15}') AS m;
SELECT expected_spend(m, 1, 10) FROM clv_model('nbd', '{1, 1}') AS m;

-- P(alive) is a probability that falls with T, expected orders rise with the horizon, discounted ones fall with the rate
SELECT id, bool_and(p BETWEEN 0 AND 1) AS probability, bool_and(p <= before) AS falls
FROM (SELECT id, p, lag(p, 1, 1::float8) OVER (PARTITION BY id, x ORDER BY t) AS before
      FROM model, LATERAL (SELECT clv_model(kind, params) AS m) AS o, generate_series(0, 60, 20) AS x, generate_series(x, 400, 20) AS t,
           LATERAL (SELECT p_alive(m, x, x, t) AS p) AS a) AS s
GROUP BY id ORDER BY id;
SELECT bool_and(e > before) AS rises
FROM (SELECT e, lag(e, 1, 0::float8) OVER (PARTITION BY id ORDER BY h) AS before
      FROM model, LATERAL (SELECT clv_model(kind, params) AS m) AS o, generate_series(1, 120, 7) AS h, LATERAL (SELECT expected_orders(m, 3, 10, 20, h * interval '1 month') AS e) AS a) AS s;
SELECT bool_and(e < before) AS falls
FROM (SELECT e, lag(e, 1, 'Infinity'::float8) OVER (PARTITION BY id ORDER BY r) AS before
      FROM model, LATERAL (SELECT clv_model(kind, params) AS m) AS o, unnest('{1e-6,1e-3,1}'::float8[]) AS r, LATERAL (SELECT discounted_expected_orders(m, 3, 10, 20, r) AS e) AS a) AS s;
SELECT bool_and(abs(total - 1) < 1e-9) AS one
FROM (SELECT sum(order_count_probability(m, 30, n)) AS total FROM model, LATERAL (SELECT clv_model(kind, params) AS m) AS o, generate_series(0, 400) AS n WHERE id IN (0, 1, 5, 6, 8, 9, 10, 14) GROUP BY id) AS s;

-- clv_predict keeps what it has worked out, by repeats and age: more different ones than it keeps, against the closed form
-- of the NBD model, (r + x) / (alpha + T) a unit
SELECT count(*), count(*) FILTER (WHERE abs(expected - (0.4 + x) / (12 + t / 7.0) * 365 / 7.0) > 1e-6) AS wrong
FROM (SELECT x, t, (clv_predict(clv_model('nbd', '{0.4, 12}'), ('{' || days || '}')::purchase_history, '2024-01-01', '365 days')).expected_orders AS expected
      FROM generate_series(0, 3) AS x, generate_series(10, 30010) AS t,
           LATERAL (SELECT string_agg(to_char(date '2024-01-01' - t + d, 'YYYY-MM-DD:1:1'), ',' ORDER BY d) AS days FROM generate_series(0, x) AS d) AS h) AS p;
-- corners of BG that the grid leaves out, from integrals and closed forms by mpmath: a and b both tiny, where the density of p has
-- two far ends; b alone, where the odds of having left after the one repeat are a / b
SELECT what, abs(got / wanted - 1) < 1e-11 AS exact
FROM (VALUES ('discounted, T 0', discounted_expected_orders(clv_model('bg/nbd', '{0.7, 3, 0.001, 0.001}'), 0, 0, 0, 3.5), 0.0623124599705974),
             ('discounted, T 52.25', discounted_expected_orders(clv_model('bg/nbd', '{0.7, 3, 0.001, 0.001}'), 0, 0, 52.25, 3.5), 0.00360421561317279),
             ('discounted, r 9', discounted_expected_orders(clv_model('bg/nbd', '{9, 3, 0.001, 0.001}'), 0, 0, 52, 0.3), 0.444830430326243),
             ('p_alive, b 1e-10', p_alive(clv_model('bg/nbd', '{0.7, 3, 1, 1e-10}'), 1, 5, 9), 5.01931971288964408e-11),
             ('p_alive, b 1e-12', p_alive(clv_model('bg/nbd', '{0.7, 3, 1, 1e-12}'), 1, 5, 9), 5.01931971313903e-13)) AS v(what, got, wanted);
-- rates and horizons that cannot be
\set VERBOSITY sqlstate
SELECT clv_predict(clv_model('nbd', '{1, 1}'), '{2023-01-01:1:1}', '2024-01-01', '365 days', 'NaN');
SELECT clv_predict(clv_model('nbd', '{1, 1}'), '{2023-01-01:1:1}', '2024-01-01', '365 days', 'Infinity');
SELECT clv_predict(clv_model('nbd', '{1, 1}'), '{2023-01-01:1:1}', '2024-01-01', '365 days', -0.1);
SELECT clv_predict(clv_model('nbd', '{1, 1}'), '{2023-01-01:1:1}', '2024-01-01', '365 days', 1000001);
